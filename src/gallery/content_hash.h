// SHA-256: of photographs, by which the same one is known again, and of index files.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace quantface {

using Sha256 = std::array<uint8_t, 32>;

Sha256 sha256_of(std::span<const uint8_t> bytes);
// 64 lower-case hexadecimal digits.
std::string to_hex(std::span<const uint8_t> bytes);

// Of bytes that come in pieces.
class Sha256Stream {
  public:
    Sha256Stream();
    ~Sha256Stream();
    void add(std::span<const uint8_t> bytes);
    // Once, at the end.
    Sha256 finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace quantface
