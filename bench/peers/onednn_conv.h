// One convolution of oneDNN (or what it has for a window as large as the image): u8 levels times s8 weights
// to u8 levels.
#pragma once

#include <memory>
#include <string>

#include "kernels/conv/conv_geometry.h"

namespace quantface::peers {

class OnednnConv {
  public:
    // Per-channel scales and biases, a leaky ReLU behind (which is less work than PReLU), levels without zero
    // points (likewise). Activations NHWC, weights as oneDNN likes them best, packed beforehand.
    // For a window as large as the image oneDNN has an operation of its own, `as_inner_product`, which is not
    // always the faster one.
    explicit OnednnConv(const ConvGeometry& geometry, bool as_inner_product = false);
    ~OnednnConv();
    static bool can_be_inner_product(const ConvGeometry& geometry);

    void run();
    // What oneDNN calls the code that it chose.
    const std::string& implementation() const { return implementation_; }

    // For the whole process, before the first convolution: at most this instruction set (as our kernels are
    // called), on one thread. False where oneDNN has no such limit.
    static bool limit(const std::string& instruction_set);
    static std::string version();

  private:
    struct State;
    std::unique_ptr<State> state_;
    std::string implementation_;
};

}  // namespace quantface::peers
