// Several processes, on one machine or many, that train one student together: each computes a part of every
// batch, and gradients are added up over libtorch's c10d: by Gloo between CPUs, by NCCL between CUDA devices
// where libtorch was built with it, else by Gloo. Started by the environment that torchrun, Slurm scripts and
// Kubernetes training operators set: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT, LOCAL_RANK.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

namespace quantface {

class ProcessGroup {
  public:
    virtual ~ProcessGroup() = default;

    // What the environment asks for: null where it says nothing of several processes (WORLD_SIZE missing or
    // 1). device: that this process trains on. Waits for all of them, ten minutes at most. Throws Error:
    // kUsage where the variables contradict themselves or say too little, kFailed where the others do not
    // come within the time limit.
    static std::unique_ptr<ProcessGroup> from_environment(at::Device device);

    virtual int rank() const = 0;
    virtual int size() const = 0;

    // Until all have come here: an hour at most, as some may prepare longer than others. Ends at once where
    // one is gone.
    virtual void wait_for_all() = 0;

    // Collective, in place: every process calls them in the same order with contiguous tensors of the same
    // shapes, on any device. They throw Error(kFailed) within the time limit where another process is gone.
    virtual void add_up(const at::Tensor& tensor) = 0;
    virtual void take_greatest(const at::Tensor& tensor) = 0;  // of each entry
    virtual void broadcast(const at::Tensor& tensor) = 0;      // the first process's
};

// Which of this machine's devices the process should train on where there are `count`: LOCAL_RANK, or
// SLURM_LOCALID, or RANK, modulo count; 0 where none is set.
int local_device_index(int count);

// Seconds after which a process that waits for another's part of a step gives up.
constexpr int kProcessGroupSeconds = 40;

}  // namespace quantface
