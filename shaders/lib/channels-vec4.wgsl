// Kernels that treat channels alike and apart work on four at once where channels are a multiple of 4.
const CHANNELS = 4u;
alias Stored0 = vec4<Element0>;
alias Stored1 = vec4<Element1>;
alias Stored2 = vec4<Element2>;
alias Channels = vec4<f32>;
alias ChannelBits = vec4<u32>;
