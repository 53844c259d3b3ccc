#include "base/error.h"
#include "gallery/index_engine.h"

namespace quantface {

namespace {

struct KindName {
    IndexKind kind;
    const char* name;
};

constexpr KindName kKindNames[] = {
    {IndexKind::kHnsw, "hnsw"}, {IndexKind::kIvf, "ivf"}, {IndexKind::kIvfPq, "ivfpq"}};

}  // namespace

std::string index_kind_name(IndexKind kind) {
    for (const KindName& row : kKindNames) {
        if (row.kind == kind) return row.name;
    }
    return "unknown";
}

IndexKind index_kind_of(const std::string& name) {
    for (const KindName& row : kKindNames) {
        if (name == row.name) return row.kind;
    }
    fail_usage("an index of kind '" + name + "'; there are hnsw, ivf and ivfpq");
}

}  // namespace quantface
