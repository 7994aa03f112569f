// Kernels that treat channels alike and apart work on four at once where channels are a multiple of 4.
const CHANNELS = 4u;
alias Stored = vec4<Element>;
alias Channels = vec4<f32>;
alias ChannelBits = vec4<u32>;
