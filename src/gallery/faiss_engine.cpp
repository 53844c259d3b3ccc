#include "gallery/faiss_engine.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/impl/FaissException.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace quantface {

namespace {

constexpr auto kMetric = faiss::METRIC_INNER_PRODUCT;

// HNSW: links of a node on the lowest layer are twice as many.
constexpr int kLinks = 32, kBuildBreadth = 80, kSearchBreadth = 128;
// Lists: about 4 sqrt(rows), of which one in 16 is looked through, but no fewer than this.
constexpr int64_t kMaxLists = 65536, kMinProbes = 32, kListsAProbe = 16;
// Rows that k-means sees for each list, and that a code book of 256 entries needs at least.
constexpr int64_t kRowsAList = 64, kMinCodeBookRows = 1024;

int64_t list_count(int64_t rows) {
    const auto wanted = static_cast<int64_t>(4 * std::sqrt(static_cast<double>(rows)));
    // k-means in FAISS wants no centre without a point.
    return std::clamp<int64_t>(wanted, 1, std::min(kMaxLists, std::max<int64_t>(rows / 8, 1)));
}

// Bytes of a code: a quarter of the dimension, where that many parts make it up.
int64_t code_bytes(int dimension) {
    int64_t parts = std::max(dimension / 4, 1);
    while (dimension % parts != 0) --parts;
    return parts;
}

// Lets k-means be interrupted; FAISS has one place for it in a process.
class StopWatch final : public faiss::InterruptCallback {
  public:
    explicit StopWatch(const Progress& progress) : progress_(progress) {}
    bool want_interrupt() override { return progress_.stop_requested(); }

  private:
    const Progress& progress_;
};

class StopScope {
  public:
    explicit StopScope(const Progress& progress) {
        faiss::InterruptCallback::instance = std::make_unique<StopWatch>(progress);
    }
    ~StopScope() { faiss::InterruptCallback::instance.reset(); }
};

class SinkWriter final : public faiss::IOWriter {
  public:
    explicit SinkWriter(const IndexEngine::Sink& sink) : sink_(sink) {}
    size_t operator()(const void* from, size_t size, size_t count) override {
        sink_({static_cast<const uint8_t*>(from), size * count});
        return count;
    }

  private:
    const IndexEngine::Sink& sink_;
};

class SourceReader final : public faiss::IOReader {
  public:
    explicit SourceReader(const IndexModule::Source& source) : source_(source) {}
    size_t operator()(void* to, size_t size, size_t count) override {
        source_({static_cast<uint8_t*>(to), size * count});
        return count;
    }

  private:
    const IndexModule::Source& source_;
};

class FaissEngine final : public IndexEngine {
  public:
    FaissEngine(std::unique_ptr<faiss::Index> index, int threads)
        : index_(std::move(index)), threads_(threads) {
        if (auto* graph = dynamic_cast<faiss::IndexHNSW*>(index_.get())) {
            graph->hnsw.efSearch = kSearchBreadth;
        }
        if (auto* lists = dynamic_cast<faiss::IndexIVF*>(index_.get())) {
            const auto count = static_cast<int64_t>(lists->nlist);
            lists->nprobe = static_cast<size_t>(std::min(std::max(count / kListsAProbe, kMinProbes), count));
        }
    }

    int64_t training_rows() const override {
        const auto* lists = dynamic_cast<const faiss::IndexIVF*>(index_.get());
        if (lists == nullptr) return 0;
        return std::max(static_cast<int64_t>(lists->nlist) * kRowsAList, int64_t{256} * kRowsAList);
    }

    void train(std::span<const float> rows, const Progress& progress) override {
        const StopScope scope(progress);
        guarded([&] { index_->train(count_of(rows), rows.data()); }, progress);
    }

    void add(std::span<const float> rows) override {
        guarded([&] { index_->add(count_of(rows), rows.data()); }, SilentProgress());
    }

    int64_t row_count() const override { return index_->ntotal; }

    void search(std::span<const float> queries, int64_t candidates, std::span<int64_t> rows) const override {
        const int64_t count = count_of(queries);
        QF_CHECK(rows.size() == static_cast<size_t>(count * candidates));
        std::vector<float> scores(rows.size());
        std::vector<faiss::Index::idx_t> found(rows.size());
        guarded(
            [&] {
                // A graph is searched no broader than this, whatever is asked for.
                faiss::SearchParametersHNSW breadth;
                breadth.efSearch = static_cast<int>(std::max<int64_t>(candidates, kSearchBreadth));
                const bool is_graph = dynamic_cast<const faiss::IndexHNSW*>(index_.get()) != nullptr;
                index_->search(count, queries.data(), candidates, scores.data(), found.data(),
                               is_graph ? &breadth : nullptr);
            },
            SilentProgress(), count);
        std::copy(found.begin(), found.end(), rows.begin());
    }

    void write(const Sink& sink) const override {
        SinkWriter writer(sink);
        guarded([&] { faiss::write_index(index_.get(), &writer); }, SilentProgress());
    }

  private:
    faiss::Index::idx_t count_of(std::span<const float> rows) const {
        return static_cast<faiss::Index::idx_t>(rows.size()) / index_->d;
    }

    template <typename Work>
    void guarded(const Work& work, const Progress& progress, int64_t parts = INT64_MAX) const {
        // For a single query more threads only wait for each other.
        omp_set_num_threads(static_cast<int>(std::clamp<int64_t>(parts, 1, threads_)));
        try {
            work();
        } catch (const faiss::FaissException& error) {
            if (progress.stop_requested()) fail_work("interrupted");
            fail_work(std::string("FAISS: ") + error.what());
        }
    }

    std::unique_ptr<faiss::Index> index_;
    int threads_;
};

// FAISS prints warnings where a centre has few points; here the counts are chosen so that it is meant.
void quieten(faiss::ClusteringParameters& parameters) {
    parameters.min_points_per_centroid = 1;
    parameters.max_points_per_centroid = static_cast<int>(kRowsAList * 4);
}

std::unique_ptr<faiss::Index> make_index(IndexKind kind, int dimension, int64_t rows) {
    if (kind == IndexKind::kHnsw) {
        auto graph = std::make_unique<faiss::IndexHNSWFlat>(dimension, kLinks, kMetric);
        graph->hnsw.efConstruction = kBuildBreadth;
        return graph;
    }
    const auto lists = static_cast<size_t>(list_count(rows));
    auto centres = std::make_unique<faiss::IndexFlatIP>(dimension);
    std::unique_ptr<faiss::IndexIVF> index;
    if (kind == IndexKind::kIvf) {
        index = std::make_unique<faiss::IndexIVFFlat>(centres.get(), dimension, lists, kMetric);
    } else {
        if (rows < kMinCodeBookRows) {
            fail_usage("an index of kind ivfpq for " + std::to_string(rows) + " faces; it needs " +
                       std::to_string(kMinCodeBookRows) + ", and exact search is the faster one below");
        }
        auto codes = std::make_unique<faiss::IndexIVFPQ>(
            centres.get(), dimension, lists, static_cast<size_t>(code_bytes(dimension)), 8, kMetric);
        quieten(codes->pq.cp);
        index = std::move(codes);
    }
    index->own_fields = true;
    centres.release();  // the index's own now
    quieten(index->cp);
    return index;
}

bool is_of_kind(const faiss::Index* index, IndexKind kind) {
    switch (kind) {
        case IndexKind::kHnsw:
            return dynamic_cast<const faiss::IndexHNSWFlat*>(index) != nullptr;
        case IndexKind::kIvf:
            return dynamic_cast<const faiss::IndexIVFFlat*>(index) != nullptr;
        case IndexKind::kIvfPq:
            return dynamic_cast<const faiss::IndexIVFPQ*>(index) != nullptr;
    }
    return false;
}

}  // namespace

std::unique_ptr<IndexEngine> create_faiss_index(IndexKind kind, int dimension, int64_t rows, int threads) {
    return std::make_unique<FaissEngine>(make_index(kind, dimension, rows), threads);
}

std::unique_ptr<IndexEngine> read_faiss_index(IndexKind kind, int dimension, int64_t rows,
                                              const IndexModule::Source& source, const std::string& where,
                                              int threads) {
    SourceReader reader(source);
    std::unique_ptr<faiss::Index> index;
    try {
        index.reset(faiss::read_index(&reader));
    } catch (const faiss::FaissException&) {
        fail_bad_input(where + ": damaged: FAISS cannot read it");
    }
    if (!is_of_kind(index.get(), kind) || index->d != dimension || index->ntotal != rows) {
        fail_bad_input(where + ": damaged: another index than it says");
    }
    return std::make_unique<FaissEngine>(std::move(index), threads);
}

}  // namespace quantface
