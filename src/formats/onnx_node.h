// One node of an ONNX file as its importer sees it: typed attributes and inputs, checked; and what it
// becomes.
#pragma once

#include <onnx/onnx_pb.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "formats/onnx_context.h"

namespace quantface {

// Every member that reads something refuses (Error(kBadInput), naming file, node and operator) what is
// missing or of another type. Attributes that no importer asked for are refused at the end: nothing is
// silently lost.
class OnnxNode {
  public:
    OnnxNode(OnnxContext& context, const onnx::NodeProto& proto);

    OnnxContext& context() { return context_; }
    const std::string& op_type() const { return proto_.op_type(); }
    const std::string& name() const { return name_; }
    // "FILE: node 'name' (Op) what".
    [[noreturn]] void refuse(const std::string& what) const;

    // Attributes; the fallback where absent.
    bool has_attribute(const char* name);
    int64_t integer(const char* name, int64_t fallback);
    float number(const char* name, float fallback);
    std::string text(const char* name, const std::string& fallback);
    std::vector<int64_t> integers(const char* name);  // empty where absent
    std::vector<float> numbers(const char* name);
    const onnx::TensorProto* tensor(const char* name);  // null where absent
    // Attributes that change nothing in inference.
    void ignore_attributes(std::initializer_list<const char*> names);
    void ignore_all_attributes();
    // Refuses attributes that nothing has read.
    void check_attributes() const;

    // Inputs. An empty name is an input left out.
    int input_count() const { return proto_.input_size(); }
    bool has_input(int index) const { return index < input_count() && !proto_.input(index).empty(); }
    const OnnxValue& input(int index);
    bool is_constant(int index);
    bool all_inputs_constant();
    // Refuses more inputs than the importer knows.
    void expect_inputs(int least, int most);
    OnnxConstantPtr constant(int index, const char* what);
    OnnxConstantPtr float_constant(int index, const char* what);
    OnnxConstantPtr integer_constant(int index, const char* what);
    float scalar(int index, const char* what);
    // A value that depends on the image, in any view of it.
    const OnnxImageValue& any_view(int index);
    // The same as {channels, height, width} or {features}.
    const OnnxImageValue& image(int index);
    // The same as {channels, height, width} only.
    const OnnxImageValue& picture(int index);
    Shape shape_of(const OnnxImageValue& value) const { return context_.graph.values[value.id].shape; }

    // `axes` from the attribute (operator sets up to 12) or input 1 (from 13), counted from the front for a
    // value of `rank` dimensions, each within it and none twice. Empty where absent.
    std::vector<int64_t> axes(int64_t rank);
    int64_t checked_axis(int64_t axis, int64_t rank) const;

    // Copies and fills that count against the file's budget.
    std::vector<float> copy(const std::vector<float>& numbers);
    std::vector<float> filled(int64_t count, float number);
    // One number for each of the value's channels from a constant that broadcasts along them, or one number.
    std::vector<float> per_channel(const OnnxConstant& constant, const OnnxImageValue& value,
                                   const char* what);

    // Appends a node to the graph. `suffix` tells several nodes out of one apart.
    ValueId emit(Op op, std::vector<ValueId> inputs, std::string_view suffix = {});
    // The node's first output.
    void set_output(OnnxValue value);
    void set_output(OnnxConstant constant);
    // Both: the output has `like`'s kind of dimensions, {channels, height, width} or {features}.
    void finish(Op op, std::vector<ValueId> inputs, const OnnxImageValue& like);
    // The input's numbers under other dimensions: Flatten or Identity where these are {channels, height,
    // width} or {features}, else no node.
    void finish_view(const OnnxImageValue& value, std::vector<int64_t> dims);

  private:
    const onnx::AttributeProto* find_attribute(const char* name, onnx::AttributeProto::AttributeType type);

    OnnxContext& context_;
    const onnx::NodeProto& proto_;
    std::string name_;
    std::set<std::string> known_attributes_;
};

}  // namespace quantface
