#!/bin/sh
# Measures this machine: attune bench, attune beside TensorFlow.js and jax-js on a GPU, and beside PyTorch where python3 has it. Flags are those of attune bench.
# Everything that is written stays in this folder: results/ and cache/. README.md says what is needed.
set -eu

# A service or a container may start it with an empty PATH.
command -v dirname >/dev/null 2>&1 || export PATH="/usr/bin:/bin${PATH:+:$PATH}"
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
mkdir -p results cache
export ATTUNE_CACHE="$here/cache"
# Drivers keep compiled shaders below the home folder, which may be missing.
export XDG_CACHE_HOME="$here/cache"
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$here/cache}"

# The first of the folders that has a file; nothing where none has.
find_in() {
  name=$1
  shift
  for folder in "$@"; do
    if [ -e "$folder/$name" ]; then
      echo "$folder"
      return
    fi
  done
}

folders="/usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu /usr/lib64 /usr/lib /lib64 /usr/local/lib /usr/local/nvidia/lib64"

# The Vulkan loader: the machine's own, else the one that was packed.
loader=$(find_in libvulkan.so.1 $(echo "${LD_LIBRARY_PATH:-}" | tr ':' ' ') $folders)
if [ -z "$loader" ]; then
  loader=$(find_in libvulkan.so.1 "$here/lib")
  if [ -n "$loader" ]; then
    echo "This machine has no libvulkan.so.1: the packed one is used." >&2
  else
    echo "There is no libvulkan.so.1: only the processor is measured. Debian and Ubuntu have it in libvulkan1." >&2
  fi
fi
[ -z "$loader" ] || export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$loader"

# In containers NVIDIA's driver is often there without the file that tells the loader of it.
if [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}${VK_ADD_DRIVER_FILES:-}" ] &&
  [ -z "$(find_in nvidia_icd.json /etc/vulkan/icd.d /usr/share/vulkan/icd.d)" ] &&
  [ -z "$(find_in nvidia_icd.x86_64.json /etc/vulkan/icd.d /usr/share/vulkan/icd.d)" ]; then
  for library in libGLX_nvidia.so.0 libEGL_nvidia.so.0; do
    [ -n "$(find_in $library $folders)" ] || continue
    echo "{\"file_format_version\": \"1.0.0\", \"ICD\": {\"library_path\": \"$library\", \"api_version\": \"1.3.0\"}}" \
      >cache/nvidia_icd.json
    export VK_ADD_DRIVER_FILES="$here/cache/nvidia_icd.json"
    break
  done
fi

# Which kernels are the fastest on this GPU, as a user would find out before long runs.
[ $# -gt 0 ] || ./node src/cli/attune.mjs tune --model resnet50 --batch-size 32 >results/tune.txt ||
  echo "Not tuned: kernels are those that attune chooses by itself." >&2

./node src/cli/attune.mjs bench --json --markdown results/bench.md --svg results/bench.svg "$@" >results/bench.json
cat results/bench.md

# The GPU, where there is one that no processor plays.
find_gpu="import { findAdapter } from './bench/lib/program.mjs'; console.log(await findAdapter(undefined, { hardware: true }));"
if [ $# -eq 0 ] && gpu=$(./node --input-type=module --eval "$find_gpu" 2>/dev/null); then
  ./node bench/software.mjs --only matmul,inference,mobilenet,resnet50 --rounds 7 --adapter "$gpu" --save here ||
    echo "Beside TensorFlow.js and jax-js: something is missing, or slower than it should be; see above." >&2
else
  echo "Beside TensorFlow.js and jax-js: not measured; without flags, on a machine with a GPU: ./run.sh"
fi

if [ "${WITHOUT_TORCH:-}" = "" ] && command -v python3 >/dev/null 2>&1 && python3 -c 'import torch, torchvision' 2>/dev/null; then
  ./node bench/torch.mjs --save here
else
  echo "Beside PyTorch: not measured; it needs a python3 with torch and torchvision, then: ./node bench/torch.mjs"
fi
