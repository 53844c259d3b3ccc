#include "quantize/embedding_agreement.h"

#include <cmath>

#include "runtime/float_executor.h"
#include "runtime/integer_executor.h"

namespace quantface {

namespace {
template <typename Executor, typename Inputs>
std::vector<float> embeddings_of(const Executor& executor, const Inputs& inputs, size_t dimension,
                                 ThreadPool& pool) {
    std::vector<float> embeddings(inputs.size() * dimension);
    std::vector<std::shared_ptr<typename Executor::Workspace>> workspaces(pool.size());
    pool.parallel_for(static_cast<int64_t>(inputs.size()), [&](int64_t image, int thread) {
        if (!workspaces[thread]) workspaces[thread] = executor.make_workspace();
        executor.run(inputs[image], std::span(embeddings).subspan(image * dimension, dimension),
                     *workspaces[thread]);
    });
    return embeddings;
}
}  // namespace

std::vector<float> float_embeddings(const Graph& graph, const CalibrationImages& images, ThreadPool& pool) {
    return embeddings_of(FloatExecutor(graph), images.network_input, graph.embedding_size(), pool);
}

std::vector<float> integer_embeddings(const IntegerModel& model, const CalibrationImages& images,
                                      ThreadPool& pool) {
    return embeddings_of(IntegerExecutor(model), images.pixels, model.embedding_size(), pool);
}

double mean_cosine(std::span<const float> a, std::span<const float> b, size_t dimension) {
    double total = 0;
    for (size_t row = 0; row < a.size(); row += dimension) {
        double product = 0, square_a = 0, square_b = 0;
        for (size_t index = row; index < row + dimension; ++index) {
            product += double{a[index]} * b[index];
            square_a += double{a[index]} * a[index];
            square_b += double{b[index]} * b[index];
        }
        if (square_a > 0 && square_b > 0) total += product / std::sqrt(square_a * square_b);
    }
    return total / static_cast<double>(a.size() / dimension);
}

}  // namespace quantface
