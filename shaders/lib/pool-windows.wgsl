// Along one axis: the windows first .. end - 1 that cover a place.
struct Windows {
  first: u32,
  end: u32,
}

fn windows_over(place: u32, pad: u32, kernel: u32, stride: u32, count: u32) -> Windows {
  let reach = place + pad;
  let first = (max(reach + 1u, kernel) - kernel + stride - 1u) / stride;
  return Windows(first, min(reach / stride + 1u, count));
}
