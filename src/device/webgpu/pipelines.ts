/**
 * Compute pipelines, each compiled once for a device: the key is everything that its shader's text and its
 * bindings depend on. Shapes and batch sizes are data, so a network needs few pipelines.
 */
import type { AttuneError } from '../../errors.js';
import type { Counters } from '../backend.js';
import { type Kernel, MAX_STEP_VALUES, type Pass } from '../kernel.js';
import { caughtError, deviceError, type Faults, oneLine } from './faults.js';
import { COMPUTE_STAGE } from './flags.js';
import { type ShaderText, shaderText } from './shader.js';

/** Reads a WGSL file by its path below shaders/. */
export type ReadShader = (path: string) => Promise<string>;

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** One pipeline to have: a pass of a kernel for an element type, and the operands that are stored as float16. */
export interface PipelineRequest {
  readonly kernel: Kernel;
  readonly pass: Pass;
  /** Whether passes share a workspace. */
  readonly workspace: boolean;
  readonly element: string;
  readonly halves: readonly number[];
}

/** Drivers compile on threads of their own and need memory for each; this many are under way at once. */
const CONCURRENT_COMPILATIONS = 8;

export class Pipelines {
  private readonly device: GPUDevice;
  private readonly faults: Faults;
  private readonly counters: Counters;
  private readonly readShader: ReadShader;
  private readonly files = new Map<string, Promise<string>>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private readonly pipelines = new Map<string, Promise<Pipeline>>();
  /** Compilations under way; a new one starts when one of these ends. */
  private readonly compiling = new Set<Promise<unknown>>();

  constructor(device: GPUDevice, faults: Faults, counters: Counters, readShader: ReadShader) {
    this.device = device;
    this.faults = faults;
    this.counters = counters;
    this.readShader = readShader;
  }

  /** The pipeline for a request, compiled unless it was before. A failure is not kept: asking again tries again. */
  get(request: PipelineRequest): Promise<Pipeline> {
    const key = pipelineKey(request);
    let pipeline = this.pipelines.get(key);
    if (pipeline === undefined) {
      pipeline = this.whenFree(() => this.compile(request));
      this.pipelines.set(key, pipeline);
      pipeline.catch(() => this.pipelines.delete(key));
    }
    return pipeline;
  }

  private async whenFree<T>(start: () => Promise<T>): Promise<T> {
    while (this.compiling.size >= CONCURRENT_COMPILATIONS) await Promise.race(this.compiling);
    const work = start();
    const ended: Promise<unknown> = work.then(
      () => this.compiling.delete(ended),
      () => this.compiling.delete(ended),
    );
    this.compiling.add(ended);
    return work;
  }

  private async compile(request: PipelineRequest): Promise<Pipeline> {
    const { kernel, pass, element, halves } = request;
    const paths = [...(pass.libraries ?? []).map((path) => `lib/${path}`), pass.file];
    const files = await Promise.all(paths.map(async (path) => ({ path, text: await this.read(path) })));
    const text = shaderText(element, pass.constants, files, halves);
    const label = `${kernel.name} (${pass.file})`;
    const made = this.faults.scoped(() => {
      const layout = this.layout(request);
      const module = this.device.createShaderModule({ code: text.code, label });
      const pipeline = this.device.createComputePipelineAsync({
        label,
        layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main' },
      });
      pipeline.catch(() => {}); // looked at below, after the shader's own messages
      return { layout, module, pipeline };
    });
    const { layout, module, pipeline } = made.result;
    const caught = await made.caught;
    const message = await this.compilationError(module, text, kernel);
    if (message !== null) throw message;
    if (caught !== null) throw caughtError(caught, `kernel ${kernel.name}, shader ${pass.file}`);
    try {
      const result = { pipeline: await this.faults.guard(pipeline), layout };
      this.counters.pipelines++;
      return result;
    } catch (error) {
      this.faults.check();
      throw deviceError(
        `the GPU cannot build a pipeline: ${oneLine((error as Error).message)}`,
        `kernel ${kernel.name}, shader ${pass.file}, constants ${JSON.stringify(pass.constants)}`,
      );
    }
  }

  /** The first error that the shader's compiler found, placed in the file it came from; null when it compiled. */
  private async compilationError(
    module: GPUShaderModule,
    text: ShaderText,
    kernel: Kernel,
  ): Promise<AttuneError | null> {
    const info = await this.faults.guard(module.getCompilationInfo());
    const error = info.messages.find(({ type }) => type === 'error');
    if (error === undefined) return null;
    const { path, line } = text.origin(error.lineNum);
    return deviceError(
      `the shader does not compile: ${oneLine(error.message)}`,
      `kernel ${kernel.name}, ${path}:${line}:${error.linePos}`,
    );
  }

  private read(path: string): Promise<string> {
    let text = this.files.get(path);
    if (text === undefined) {
      text = this.readShader(path);
      this.files.set(path, text);
      text.catch(() => this.files.delete(path));
    }
    return text;
  }

  /** Operands in order, then the constants, the step values where the shader reads them, and the workspace. */
  private layout({ kernel, workspace }: PipelineRequest): GPUBindGroupLayout {
    const signature = accessSignature(kernel, workspace);
    let layout = this.layouts.get(signature);
    if (layout === undefined) {
      const types: GPUBufferBindingLayout[] = kernel.bindings.map(({ access }) => ({
        type: access === 'read' ? 'read-only-storage' : 'storage',
      }));
      types.push({ type: 'uniform', minBindingSize: 0 });
      if (kernel.shader.readsStep) types.push({ type: 'uniform', minBindingSize: 4 * MAX_STEP_VALUES });
      if (workspace) types.push({ type: 'storage' });
      layout = this.device.createBindGroupLayout({
        label: signature,
        entries: types.map((buffer, binding) => ({ binding, visibility: COMPUTE_STAGE, buffer })),
      });
      this.layouts.set(signature, layout);
    }
    return layout;
  }
}

/** Whether each operand is read or written, and what follows them: what a bind group layout depends on. */
function accessSignature({ bindings, shader }: Kernel, workspace: boolean): string {
  const operands = bindings.map(({ access }) => (access === 'read' ? 'r' : 'w')).join('');
  return `${operands}${shader.readsStep ? '+step' : ''}${workspace ? '+workspace' : ''}`;
}

function pipelineKey({ kernel, pass, workspace, element, halves }: PipelineRequest): string {
  const { file, libraries = [], constants } = pass;
  return JSON.stringify([file, libraries, constants, element, halves, accessSignature(kernel, workspace)]);
}
