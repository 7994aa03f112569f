// Kernels that treat channels alike and apart work on one at a time where channels are no multiple of 4.
// The same names as channels-vec4.wgsl.
const CHANNELS = 1u;
alias Stored0 = Element0;
alias Stored1 = Element1;
alias Stored2 = Element2;
alias Channels = f32;
alias ChannelBits = u32;
