#include "measurement.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"

namespace quantface::peers {

double median(std::vector<double> numbers) {
    QF_CHECK(!numbers.empty());
    std::sort(numbers.begin(), numbers.end());
    const size_t middle = numbers.size() / 2;
    return numbers.size() % 2 == 1 ? numbers[middle] : (numbers[middle - 1] + numbers[middle]) / 2;
}

double median_seconds(const std::function<void()>& work, double seconds) {
    using Clock = std::chrono::steady_clock;
    const auto seconds_between = [](Clock::time_point from, Clock::time_point to) {
        return std::chrono::duration<double>(to - from).count();
    };
    std::vector<double> times;
    const auto start = Clock::now();
    for (auto last = start; times.empty() || seconds_between(start, last) < seconds;) {
        work();
        const auto now = Clock::now();
        times.push_back(seconds_between(last, now));
        last = now;
    }
    return median(std::move(times));
}

}  // namespace quantface::peers
