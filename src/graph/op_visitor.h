// Builds a std::visit visitor out of lambdas, one for each alternative.
#pragma once

namespace quantface {

template <typename... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace quantface
