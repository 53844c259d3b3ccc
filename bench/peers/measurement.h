// Times of work that is done again and again.
#pragma once

#include <functional>
#include <vector>

namespace quantface::peers {

double median(std::vector<double> numbers);

// Does the work until `seconds` have passed, at least once; the median of its times in seconds.
double median_seconds(const std::function<void()>& work, double seconds);

}  // namespace quantface::peers
