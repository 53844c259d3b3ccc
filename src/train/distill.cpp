#include "train/distill.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "quantize/embedding_agreement.h"
#include "quantize/preparation.h"
#include "train/caching_allocator.h"
#include "train/checkpoint.h"
#include "train/distillation.h"
#include "train/process_group.h"
#include "train/run_checkpoint.h"
#include "train/tensor_conversion.h"
#include "train/training_device.h"

namespace quantface {

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

class Run {
  public:
    Run(const Preparation& prepared, const CalibratedNetwork& start, const PixelStore& images,
        const DistillOptions& options, Precision precision, ProcessGroup* group, ThreadPool& pool,
        Progress& progress)
        : prepared_(prepared),
          options_(options),
          group_(group),
          pool_(pool),
          progress_(progress),
          description_(run_description(options, precision, pool.size())),
          start_checksum_(checksum_of(start.quantized)),
          distillation_(prepared.graph, prepared.plan, start.quantized, images, options.recipe, options.steps,
                        options.seed, student_options(options, precision), group) {
        best_ = parameters();
        start_cosine_ = best_cosine_ = start.held_out_cosine;
    }

    void run(DistillResult& result) {
        result.start_cosine = start_cosine_;
        if (is_first()) load();
        share_state();
        out_of_patience_ = agreed(options_.patience > 0 && judgements_without_gain_ >= options_.patience);
        result.resumed_from = step_;
        train();
        result.judgements = judgements_;
        result.held_out_cosine = best_cosine_;
        result.best_step = best_step_;
        result.steps_done = step_;
        result.stopped_early = step_ < options_.steps;
        result.images_per_second = rate_;
        set_parameters(best_);
        result.model = present_model();
    }

  private:
    static StudentOptions student_options(const DistillOptions& options, Precision precision) {
        StudentOptions student;
        student.quantizer = options.recipe.quantizer;
        student.device = chosen_device(options);
        student.bfloat16 = precision == Precision::kBfloat16;
        return student;
    }

    bool is_first() const { return group_ == nullptr || group_->rank() == 0; }

    // What the first process says, for all.
    bool agreed(bool said_here) {
        if (group_ == nullptr) return said_here;
        const at::Tensor said = at::scalar_tensor(said_here ? 1.0 : 0.0);
        group_->broadcast(said);
        return said.item<double>() != 0;
    }
    // True for all where any process says so.
    bool any(bool said_here) {
        if (group_ == nullptr) return said_here;
        const at::Tensor said = at::scalar_tensor(said_here ? 1.0 : 0.0);
        group_->add_up(said);
        return said.item<double>() != 0;
    }

    // All processes start with the first one's numbers, from a checkpoint or not.
    void share_state() {
        if (group_ == nullptr) return;
        const at::Tensor checksum = at::scalar_tensor(static_cast<double>(start_checksum_), at::kDouble);
        group_->broadcast(checksum);
        const bool differs = checksum.item<double>() != static_cast<double>(start_checksum_);
        if (any(differs)) {
            fail_work(
                "the processes' calibrations differ, as between kinds of CPU or different options: use "
                "machines of one kind, and the same command on each");
        }
        const at::Tensor step = at::scalar_tensor(static_cast<double>(step_), at::kDouble);
        group_->broadcast(step);
        step_ = static_cast<int64_t>(step.item<double>());
        for (const StudentParameter& parameter : distillation_.optimizer().parameters())
            group_->broadcast(parameter.tensor.detach());
        for (const auto& [name, tensor] : distillation_.optimizer().state()) group_->broadcast(tensor);
    }

    void train() {
        progress_.start("distilling, steps", options_.steps);
        progress_.advance(step_);
        describe();
        double training_seconds = 0;
        const int64_t first = step_;
        Clock::time_point saved = Clock::now();
        while (step_ < options_.steps && !out_of_patience_) {
            const Clock::time_point start = Clock::now();
            const StepReport report = distillation_.step(step_);
            training_seconds += seconds_since(start);
            if (!report.finite()) fail_diverged();
            ++step_;
            ++since_judgement_.step;
            since_judgement_.embedding_loss += report.embedding;
            since_judgement_.feature_loss += report.feature;
            rate_ = static_cast<double>((step_ - first) * options_.recipe.batch) / training_seconds;
            recent_loss_ =
                recent_loss_ == 0 ? report.embedding : 0.95 * recent_loss_ + 0.05 * report.embedding;
            if (step_ * options_.judgements / options_.steps !=
                (step_ - 1) * options_.judgements / options_.steps) {
                if (is_first()) judge();
                if (group_) group_->wait_for_all();  // a large network's judgement takes longer than a step
                out_of_patience_ =
                    agreed(options_.patience > 0 && judgements_without_gain_ >= options_.patience);
            }
            describe();
            progress_.advance(1);
            const bool stop = any(progress_.stop_requested());
            if (stop || seconds_since(saved) >= options_.checkpoint_seconds) {
                save();
                saved = Clock::now();
            }
            if (stop) {
                fail_work(options_.checkpoint.empty()
                              ? "interrupted"
                              : "interrupted after step " + std::to_string(step_) +
                                    "; the same command goes on from " + options_.checkpoint.string());
            }
        }
        progress_.finish();
    }

    void describe() {
        progress_.describe(fmt::format("{:.1f} images/s, loss {:.4f}, best cosine {:.4f}", rate_,
                                       recent_loss_, best_cosine_));
    }

    [[noreturn]] void fail_diverged() const {
        fail_work(fmt::format(
            "training diverged in step {}: the loss is no longer a finite number; lower the learning "
            "rates (--set weight_rate={:g}) or train in float32 (--precision float32)",
            step_ + 1, options_.recipe.weight_rate / 4));
    }

    IntegerModel present_model() const {
        Graph graph;
        QuantizedGraph quantized;
        const_cast<Distillation&>(distillation_).student().write_back(graph, quantized);
        return lower_to_integer(graph, prepared_.plan, quantized);
    }

    void judge() {
        distillation_.optimizer().swap_average();
        Judgement judgement = since_judgement_;
        const auto steps = static_cast<double>(std::max<int64_t>(judgement.step, 1));
        judgement.embedding_loss /= steps;
        judgement.feature_loss /= steps;
        judgement.step = step_;
        judgement.held_out_cosine = mean_cosine(
            prepared_.held_out_embeddings, integer_embeddings(present_model(), prepared_.held_out, pool_),
            static_cast<size_t>(prepared_.graph.embedding_size()));
        if (judgement.held_out_cosine > best_cosine_) {
            best_cosine_ = judgement.held_out_cosine;
            best_step_ = step_;
            best_ = parameters();
            judgements_without_gain_ = 0;
        } else {
            ++judgements_without_gain_;
        }
        judgements_.push_back(judgement);
        since_judgement_ = Judgement{};
        distillation_.optimizer().swap_average();
    }

    std::vector<std::vector<float>> parameters() {
        std::vector<std::vector<float>> numbers;
        for (const StudentParameter& parameter : distillation_.optimizer().parameters()) {
            numbers.push_back(to_vector(parameter.tensor));
        }
        return numbers;
    }

    static void copy_into(const at::Tensor& tensor, const std::vector<float>& numbers) {
        const at::NoGradGuard no_gradients;
        tensor.copy_(to_torch(numbers).reshape(tensor.sizes()));
    }

    void set_parameters(const std::vector<std::vector<float>>& numbers) {
        const auto& to = distillation_.optimizer().parameters();
        for (size_t i = 0; i < to.size(); ++i) copy_into(to[i].tensor, numbers[i]);
    }

    void save() {
        if (options_.checkpoint.empty() || !is_first()) return;
        Checkpoint checkpoint;
        Json record = {{"run", description_},
                       {"start", start_checksum_},
                       {"step", step_},
                       {"best_step", best_step_},
                       {"best_cosine", best_cosine_},
                       {"judgements_without_gain", judgements_without_gain_},
                       {"recent_loss", recent_loss_}};
        const auto to_json = [](const Judgement& j) {
            return Json{j.step, j.embedding_loss, j.feature_loss, j.held_out_cosine};
        };
        record["since_judgement"] = to_json(since_judgement_);
        record["judgements"] = Json::array();
        for (const Judgement& judgement : judgements_) record["judgements"].push_back(to_json(judgement));
        checkpoint.record = record.dump();
        const auto& parameters = distillation_.optimizer().parameters();
        for (size_t i = 0; i < parameters.size(); ++i) {
            checkpoint.arrays.emplace_back(parameters[i].name, to_vector(parameters[i].tensor));
            checkpoint.arrays.emplace_back(parameters[i].name + "#best", best_[i]);
        }
        for (const auto& [name, tensor] : distillation_.optimizer().state()) {
            checkpoint.arrays.emplace_back(name, to_vector(tensor));
        }
        write_checkpoint(options_.checkpoint, checkpoint);
    }

    void load() {
        const std::optional<Checkpoint> found = matching_checkpoint(options_, description_);
        if (!found) return;
        const Checkpoint& checkpoint = *found;
        const std::string file = options_.checkpoint.string();
        const Json record = Json::parse(checkpoint.record);
        if (record.value("start", Json()) != start_checksum_) {
            fail_usage(file +
                       ": is of a run that calibration gave another start, as on another kind of CPU; go on "
                       "there, or delete it to start anew");
        }
        try {
            step_ = record.at("step").get<int64_t>();
            best_step_ = record.at("best_step").get<int64_t>();
            best_cosine_ = record.at("best_cosine").get<double>();
            judgements_without_gain_ = record.at("judgements_without_gain").get<int>();
            recent_loss_ = record.at("recent_loss").get<double>();
            const auto judgement = [](const Json& j) {
                return Judgement{j.at(0).get<int64_t>(), j.at(1).get<double>(), j.at(2).get<double>(),
                                 j.at(3).get<double>()};
            };
            since_judgement_ = judgement(record.at("since_judgement"));
            for (const Json& j : record.at("judgements")) judgements_.push_back(judgement(j));
        } catch (const Json::exception&) {
            fail_bad_input(file + ": damaged; delete it to start anew");
        }
        if (step_ < 0 || step_ > options_.steps) fail_bad_input(file + ": damaged; delete it to start anew");
        const auto& parameters = distillation_.optimizer().parameters();
        for (size_t i = 0; i < parameters.size(); ++i) {
            const auto length = static_cast<size_t>(parameters[i].tensor.numel());
            copy_into(parameters[i].tensor, checkpoint.array(parameters[i].name, length, file));
            best_[i] = checkpoint.array(parameters[i].name + "#best", length, file);
        }
        for (const auto& [name, tensor] : distillation_.optimizer().state()) {
            copy_into(tensor, checkpoint.array(name, static_cast<size_t>(tensor.numel()), file));
        }
    }

    const Preparation& prepared_;
    const DistillOptions& options_;
    ProcessGroup* group_;
    ThreadPool& pool_;
    Progress& progress_;
    const Json description_;
    const uint32_t start_checksum_;
    Distillation distillation_;
    int64_t step_ = 0;  // steps done
    int64_t best_step_ = 0;
    double start_cosine_ = 0, best_cosine_ = 0;
    std::vector<std::vector<float>> best_;  // parameters
    int judgements_without_gain_ = 0;
    bool out_of_patience_ = false;
    std::vector<Judgement> judgements_;
    Judgement since_judgement_;  // sums so far
    double recent_loss_ = 0, rate_ = 0;
};

void check(const DistillOptions& options) {
    if (options.steps < 1) fail_usage("training takes at least 1 step");
    if (options.images < 2) fail_usage("training takes at least 2 images");
    if (options.judgements < 1) fail_usage("the model is judged at least once");
    if (options.patience < 0) fail_usage("patience is a number of judgements");
}

uint64_t peak_memory_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

std::string make_record(const DistillOptions& options, const DistillResult& result, const ImageSource& source,
                        const Preparation& prepared, int64_t images) {
    const PostTrainingOptions& start = options.start;
    Json record = {{"method", "distillation"},
                   {"weight_bits", start.weight_bits},
                   {"activation_bits", start.activation_bits},
                   {"data", source.description()},
                   {"images", images},
                   {"steps", result.steps_done},
                   {"best_step", result.best_step},
                   {"seed", options.seed},
                   {"precision", result.precision == Precision::kBfloat16 ? "bfloat16" : "float32"},
                   {"recipe", options.recipe.name},
                   {"observer", observer_name(result.observer)},
                   {"start_cosine", result.start_cosine},
                   {"held_out_images", prepared.held_out.pixels.size()},
                   {"held_out_cosine", result.held_out_cosine}};
    for (const auto& [name, value] : recipe_values(options.recipe)) record["recipe_values"][name] = value;
    if (start.target_bytes) record["target_bytes"] = *start.target_bytes;
    if (start.target_bits) record["target_bits"] = *start.target_bits;
    if (start.ends_bits) record["ends_bits"] = *start.ends_bits;
    if (start.residual_bits) record["residual_bits"] = *start.residual_bits;
    return record.dump();
}

}  // namespace

DistillResult quantize_by_distillation(const Graph& teacher, const ImageSource& source,
                                       const DistillOptions& options, ThreadPool& pool, Progress& progress) {
    check(options);
    at::set_num_threads(pool.size());
    install_caching_allocator();
    const std::unique_ptr<ProcessGroup> group = ProcessGroup::from_environment(chosen_device(options));
    DistillResult result;
    result.first_process = group == nullptr || group->rank() == 0;
    result.precision = chosen_precision(options);
    // Before any work: whether the checkpoint will do.
    if (result.first_process) {
        matching_checkpoint(options, run_description(options, result.precision, pool.size()));
    }
    // Without compensation, unless it is asked for: training moves the weights anyway.
    PostTrainingOptions calibration = options.start;
    calibration.weight_compensation = options.start.weight_compensation.value_or(false);
    const Preparation prepared = prepare(teacher, source, calibration, pool, progress);
    constexpr ObserverKind kQuickObservers[] = {ObserverKind::kPercentile, ObserverKind::kMovingAverage};
    const CalibratedNetwork start = calibrate_best(prepared, calibration, kQuickObservers,
                                                   *calibration.weight_compensation, pool, progress);
    result.observer = start.observer;
    const PixelStore images(source, teacher.input_spec, prepared.held_out_count, options.images, pool,
                            progress);
    if (group) group->wait_for_all();
    Run(prepared, start, images, options, result.precision, group.get(), pool, progress).run(result);
    result.peak_memory_bytes = peak_memory_bytes();
    result.model.record = make_record(options, result, source, prepared, images.size());
    return result;
}

}  // namespace quantface
