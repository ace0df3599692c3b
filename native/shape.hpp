// The architecture of a network.
#pragma once

#include <algorithm>
#include <vector>

#include "network.hpp"

namespace ellnet {

/// An architecture: n[0..L], g[1..L] and the cost.
struct Shape {
    std::vector<long> n;
    std::vector<Activation> activations;
    Cost cost = Cost::squared_error;
    double threshold = 1.0;            ///< of Huber's error
    std::vector<double> quantiles{};  ///< unit k has number k modulo their count

    long L() const { return static_cast<long>(activations.size()); }

    /// Whether every layer, the input too, is so narrow that examples lie in the lanes.
    bool tiny() const {
        return std::all_of(n.begin(), n.end(), [](long units) { return units <= TINY; });
    }

    /// Fused multiply-adds of one example's forward pass.
    double products() const {
        double total = 0;
        for (std::size_t l = 1; l < n.size(); ++l)
            total += static_cast<double>(n[l]) * static_cast<double>(n[l - 1] + 1);
        return total;
    }
};

/// A shape's cost in one precision, with the quantile of each unit.
template <class T>
class CostTable {
  public:
    explicit CostTable(const Shape& shape) : cost_{shape.cost, static_cast<T>(shape.threshold), nullptr} {
        if (shape.quantiles.empty()) return;
        const std::size_t units = static_cast<std::size_t>(shape.n.back());
        levels_.assign(units + 16, T(0));
        for (std::size_t k = 0; k < units; ++k) levels_[k] = static_cast<T>(shape.quantiles[k % shape.quantiles.size()]);
        cost_.levels = levels_.data();
    }
    CostTable(const CostTable&) = delete;
    CostTable& operator=(const CostTable&) = delete;

    const CostOf<T>& cost() const { return cost_; }

  private:
    CostOf<T> cost_;
    std::vector<T> levels_;
};

}  // namespace ellnet
