// Assembles pickles by hand, instruction by instruction, so that tests can make what no Python would write.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "faces/pickle_opcodes.h"

namespace quantface::test {

class PickleBuilder {
  public:
    // One instruction, or any raw byte.
    PickleBuilder& op(uint8_t opcode) {
        bytes_.push_back(opcode);
        return *this;
    }
    PickleBuilder& number(uint64_t value, int count) {
        for (int i = 0; i < count; ++i) op(static_cast<uint8_t>(value >> (8 * i)));
        return *this;
    }
    PickleBuilder& raw(std::span<const uint8_t> bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    PickleBuilder& raw(const std::string& text) {
        bytes_.insert(bytes_.end(), text.begin(), text.end());
        return *this;
    }

    PickleBuilder& proto(uint8_t version) { return op(pickle_opcodes::kProto).op(version); }
    PickleBuilder& short_text(const std::string& text) {
        return op(pickle_opcodes::kShortBinUnicode).number(text.size(), 1).raw(text);
    }
    PickleBuilder& long_text(const std::string& text) {
        return op(pickle_opcodes::kBinUnicode).number(text.size(), 4).raw(text);
    }
    PickleBuilder& binary(std::span<const uint8_t> bytes) {
        return op(pickle_opcodes::kBinBytes).number(bytes.size(), 4).raw(bytes);
    }
    PickleBuilder& global(const std::string& module, const std::string& name) {
        return op(pickle_opcodes::kGlobal).raw(module + "\n" + name + "\n");
    }

    const std::vector<uint8_t>& bytes() const { return bytes_; }

  private:
    std::vector<uint8_t> bytes_;
};

}  // namespace quantface::test
