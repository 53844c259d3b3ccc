#include "formats/onnx_parse.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/wire_format_lite.h>

#include <limits>

#include "base/error.h"

namespace quantface {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

// An empty message takes 2 bytes in the file and up to 200 in memory, so a file of a few megabytes could take
// gigabytes. Counting first, without allocating, costs one quick walk over the wire format.
class MessageCounter {
  public:
    explicit MessageCounter(std::span<const uint8_t> bytes)
        : stream_(bytes.data(), static_cast<int>(bytes.size())) {
        stream_.PushLimit(static_cast<int>(bytes.size()));
    }

    // False where there are too many messages and strings, or the bytes are no message of that type.
    bool walk(const Descriptor& type, int depth = 0) {
        if (depth > kMostDepth) return false;
        while (const uint32_t tag = stream_.ReadTag()) {
            const auto wire_type = WireFormatLite::GetTagWireType(tag);
            // ONNX has no groups; unknown ones would be kept in memory.
            if (wire_type == WireFormatLite::WIRETYPE_START_GROUP) return false;
            const bool whole =
                wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED
                    ? walk_field(type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag)), depth)
                    : WireFormatLite::SkipField(&stream_, tag);
            if (!whole) return false;
        }
        return stream_.BytesUntilLimit() == 0;
    }

  private:
    bool walk_field(const FieldDescriptor* field, int depth) {
        uint32_t length = 0;
        if (++count_ > kMostMessages || !stream_.ReadVarint32(&length)) return false;
        if (length > static_cast<uint32_t>(stream_.BytesUntilLimit())) return false;
        if (field == nullptr || field->type() != FieldDescriptor::TYPE_MESSAGE) {
            return stream_.Skip(static_cast<int>(length));
        }
        const auto outer = stream_.PushLimit(static_cast<int>(length));
        const bool whole = walk(*field->message_type(), depth + 1);
        stream_.PopLimit(outer);
        return whole;
    }

    static constexpr int kMostMessages = 1 << 20;
    static constexpr int kMostDepth = 32;
    google::protobuf::io::CodedInputStream stream_;
    int count_ = 0;
};

}  // namespace

onnx::ModelProto parse_onnx(std::span<const uint8_t> bytes, const std::string& file_name) {
    if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
        fail_bad_input(file_name + ": is larger than 2 GiB, the most that an ONNX file can hold");
    }
    const google::protobuf::LogSilencer silence;
    onnx::ModelProto model;
    if (!MessageCounter(bytes).walk(*onnx::ModelProto::descriptor()) ||
        !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph()) {
        fail_bad_input(file_name + ": is not an ONNX model, or damaged; fetch or export it again");
    }
    return model;
}

}  // namespace quantface
