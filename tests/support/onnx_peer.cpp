#include "support/onnx_peer.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/file.h"

namespace quantface {

namespace fs = std::filesystem;

namespace {

void write_jobs(const fs::path& folder, const std::vector<PeerJob>& jobs) {
    std::ofstream list(folder / "jobs.txt");
    for (const PeerJob& job : jobs) {
        std::ofstream input(folder / (job.name + ".in"), std::ios::binary);
        for (const auto& image : job.images) {
            input.write(reinterpret_cast<const char*>(image.data()),
                        static_cast<std::streamsize>(image.size() * sizeof(float)));
        }
        list << job.model.string() << '\t' << (folder / (job.name + ".in")).string() << '\t'
             << (folder / (job.name + ".out")).string() << '\t' << job.input.channels << '\t'
             << job.input.height << '\t' << job.input.width << '\n';
    }
}

void read_outputs(const fs::path& path, PeerJob& job) {
    const auto bytes = read_file(path);
    std::vector<float> numbers(bytes.size() / sizeof(float));
    std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(float));
    if (numbers.size() != job.output_size * job.images.size()) {
        ADD_FAILURE() << job.name << ": the peer's output has another size";
        return;
    }
    for (size_t image = 0; image < job.images.size(); ++image) {
        const auto begin = numbers.begin() + static_cast<int64_t>(image * job.output_size);
        job.outputs.emplace_back(begin, begin + static_cast<int64_t>(job.output_size));
    }
}

}  // namespace

std::string run_onnx_peer(const fs::path& folder, std::vector<PeerJob>& jobs) {
    write_jobs(folder, jobs);
    const std::string command = "node tests/peer/onnxruntime_embed.mjs '" + (folder / "jobs.txt").string() +
                                "' > '" + (folder / "log.txt").string() + "' 2>&1";
    const int status = std::system(command.c_str());
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code == 127) return "node is not installed";
    if (code == 77) return "the npm package onnxruntime-node is absent";
    if (code != 0) {
        std::ifstream log(folder / "log.txt");
        ADD_FAILURE() << "the peer failed:\n" << log.rdbuf();
    }
    for (PeerJob& job : jobs) {
        const fs::path output = folder / (job.name + ".out");
        if (fs::exists(output)) read_outputs(output, job);
    }
    return {};
}

double vector_norm(const std::vector<float>& vector) {
    double sum = 0;
    for (const float number : vector) sum += static_cast<double>(number) * static_cast<double>(number);
    return std::sqrt(sum);
}

double cosine_of(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum / (vector_norm(a) * vector_norm(b));
}

double relative_error(const std::vector<float>& a, const std::vector<float>& b) {
    std::vector<float> difference(a);
    for (size_t i = 0; i < a.size(); ++i) difference[i] -= b[i];
    return vector_norm(difference) / vector_norm(b);
}

}  // namespace quantface
