// What rates are multiplied by as steps go on: powers of Adam's betas, and NAdam's products.
#pragma once

#include <cmath>
#include <cstdint>

namespace ellnet {

/// beta^t for t = 1, 2, ...: a function of t alone, with one multiplication for most steps.
class Power {
  public:
    explicit Power(double beta) : beta_(beta) {}

    double at(std::int64_t t) {
        if (t != t_ + 1 || t % 64 == 0) {
            value_ = std::pow(beta_, static_cast<double>(t - t % 64));
            for (std::int64_t i = 0; i < t % 64; ++i) value_ *= beta_;
        } else {
            value_ *= beta_;
        }
        t_ = t;
        return value_;
    }

  private:
    double beta_;
    std::int64_t t_ = -2;
    double value_ = 1;
};

/// The two rates of NAdam's step t, eq. 13.7: of the moment, and of the gradient itself.
struct NAdamRates {
    double ahead, here;
};

class NAdam {
  public:
    NAdam(double beta_1, double momentum_decay) : beta_1_(beta_1), decay_(momentum_decay) {}

    NAdamRates at(std::int64_t t) {
        if (t < t_) t_ = 0, product_ = 1.0;
        // What is left of the product below 1e-30 changes no digit of 1 - product.
        while (t_ < t && product_ > 1e-30) product_ *= mu(++t_);
        t_ = t;
        const double now = mu(t), after = mu(t + 1);
        return {after / (1.0 - product_ * after), (1.0 - now) / (1.0 - product_)};
    }

  private:
    double mu(std::int64_t t) const {
        return beta_1_ * (1.0 - 0.5 * std::pow(0.96, static_cast<double>(t) * decay_));
    }

    double beta_1_, decay_;
    std::int64_t t_ = 0;
    double product_ = 1.0;
};

}  // namespace ellnet
