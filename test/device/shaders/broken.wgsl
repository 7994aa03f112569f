// Does not compile: the fourth line names what is not there.

fn main() {
  let x = nothing;
}
