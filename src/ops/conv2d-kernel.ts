import type { Kernel, Variant } from '../device/kernel.js';
import { flatGrid } from '../device/grid.js';
import { EPILOGUE_BINDINGS, epilogueBits } from './epilogue.js';
import type { Conv2dAttributes } from './conv2d-attributes.js';
import { conv2dSimd, conv2dUnits } from './conv2d-simd.js';

const ROWS=+(process.env.ROWS??16), WG=8;
const register = (A: string, B: string): Variant<Conv2dAttributes> => ({
  file: 'conv2d-register.wgsl', libraries: ['grid.wgsl',`a-${A}.wgsl`,`b-${B}.wgsl`,'epilogue.wgsl','register-tile.wgsl','conv2d-constants.wgsl'],
  constants: { ROWS, LANES: 8, WORKGROUP: WG },
  grid: ({batch,outHeight,outWidth,filters,groups}) => flatGrid(Math.ceil(batch*outHeight*outWidth/ROWS)*groups*Math.ceil(filters/groups/(4*WG)), 1),
});
export const conv2dKernel: Kernel<Conv2dAttributes> = {
  name: 'conv2d',
  bindings: [{ name: 'x', access: 'read' }, { name: 'w', access: 'read' }, ...EPILOGUE_BINDINGS, { name: 'out', access: 'write' }],
  shader: { variants: { r44: register('vec4','vec4'), r14: register('scalar','vec4'), r11: register('scalar','scalar')}, choose: (a) => a.channels%4==0?'r44':'r14',
    words: (a) => { const whole=a.groups==1&&a.dilationWidth==1; return [a.batch, a.height,a.width,a.channels,a.filters,a.outHeight,a.outWidth,a.strideHeight,a.strideWidth,a.padTop,a.padLeft,a.dilationHeight,a.dilationWidth,a.groups,a.channels/a.groups,a.filters/a.groups,whole?a.kernelHeight:a.kernelHeight*a.kernelWidth,whole?1:a.kernelWidth,whole?a.kernelWidth*a.channels:a.channels/a.groups, epilogueBits(a.epilogue)];} },
  cpu: { units: conv2dUnits, run() {} },
  simd: conv2dSimd,
};
