/** Counts the bytes of GPU buffers from outside of whatever engine makes them. */
import { globals } from 'webgpu';

/**
 * Wraps the methods that make and destroy buffers, for all devices of this process. Returns the running
 * totals. Bytes count as live until `destroy()`: an engine that keeps a buffer for later still holds it.
 */
export function countBufferBytes() {
  const live = { bytes: 0, peakBytes: 0 };
  const sizes = new Map();
  const device = globals.GPUDevice.prototype;
  const { createBuffer } = device;
  device.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    sizes.set(buffer, descriptor.size);
    live.bytes += descriptor.size;
    live.peakBytes = Math.max(live.peakBytes, live.bytes);
    return buffer;
  };
  const made = globals.GPUBuffer.prototype;
  const { destroy } = made;
  made.destroy = function () {
    live.bytes -= sizes.get(this) ?? 0;
    sizes.delete(this);
    return destroy.call(this);
  };
  return live;
}
