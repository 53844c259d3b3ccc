#include "formats/onnx_shape_arithmetic.h"

#include <algorithm>
#include <numeric>

namespace quantface {

int64_t element_count(OnnxNode& node, const std::vector<int64_t>& dims) {
    constexpr int64_t kMost = int64_t{1} << 31;
    int64_t extent = 1;  // counts an empty dimension as 1: products of strides must not overflow either
    bool is_empty = false;
    for (const int64_t dim : dims) {
        is_empty = is_empty || dim == 0;
        if (dim < 0 || dim > kMost || (extent *= std::max<int64_t>(dim, 1)) > kMost) {
            node.refuse("has impossible dimensions");
        }
    }
    return is_empty ? 0 : extent;
}

std::vector<int64_t> reshaped_dims(OnnxNode& node, const std::vector<int64_t>& dims,
                                   std::vector<int64_t> target) {
    const bool keep_zero = node.integer("allowzero", 0) != 0;
    for (size_t i = 0; i < target.size(); ++i) {
        if (target[i] == 0 && !keep_zero) {
            if (i >= dims.size()) node.refuse("copies a dimension that its input does not have");
            target[i] = dims[i];
        }
    }
    const int64_t count = element_count(node, dims);
    const auto open = std::find(target.begin(), target.end(), -1);
    if (open != target.end()) {
        *open = 1;
        const int64_t others = element_count(node, target);
        if (others == 0 || count % others != 0) node.refuse("reshapes to dimensions that do not fit");
        *open = count / others;
    }
    if (element_count(node, target) != count) node.refuse("reshapes to dimensions that do not fit");
    return target;
}

std::vector<int64_t> squeezed_dims(OnnxNode& node, const std::vector<int64_t>& dims,
                                   const std::vector<int64_t>& axes) {
    std::vector<int64_t> result;
    for (size_t i = 0; i < dims.size(); ++i) {
        const bool named = std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i));
        if (named && dims[i] != 1) node.refuse("drops a dimension that is not 1");
        if (!named && (!axes.empty() || dims[i] != 1)) result.push_back(dims[i]);
    }
    return result;
}

std::vector<int64_t> unsqueezed_dims(const std::vector<int64_t>& dims, const std::vector<int64_t>& axes) {
    std::vector<int64_t> result;
    size_t next = 0;
    for (size_t i = 0; i < dims.size() + axes.size(); ++i) {
        const bool added = std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i));
        result.push_back(added ? 1 : dims[next++]);
    }
    return result;
}

std::vector<int64_t> read_permutation(OnnxNode& node, size_t rank) {
    std::vector<int64_t> order = node.integers("perm");
    std::vector<int64_t> identity(rank);
    std::iota(identity.begin(), identity.end(), 0);
    if (order.empty()) return {identity.rbegin(), identity.rend()};
    if (!std::is_permutation(order.begin(), order.end(), identity.begin(), identity.end())) {
        node.refuse("has a 'perm' that is no permutation of its dimensions");
    }
    return order;
}

std::vector<int64_t> broadcast_dims(OnnxNode& node, const std::vector<int64_t>& a,
                                    const std::vector<int64_t>& b) {
    std::vector<int64_t> result(std::max(a.size(), b.size()), 1);
    for (const auto* dims : {&a, &b}) {
        const size_t offset = result.size() - dims->size();
        for (size_t i = 0; i < dims->size(); ++i) {
            int64_t& there = result[offset + i];
            if ((*dims)[i] != 1 && there != 1 && (*dims)[i] != there) {
                node.refuse("combines constants of dimensions that do not fit");
            }
            if ((*dims)[i] != 1) there = (*dims)[i];
        }
    }
    return result;
}

}  // namespace quantface
