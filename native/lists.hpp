// Inputs that are not 0, listed: what the first layer is made of where most inputs are 0.
#pragma once

#include <algorithm>
#include <vector>

#include "data.hpp"
#include "memory.hpp"
#include "network.hpp"
#include "stop.hpp"
#include "targets.hpp"

namespace ellnet {

/// The share of inputs that are not 0, of at most 64 examples from all over the data: it depends on nothing else.
template <class T>
double filled(const Source& X, long inputs, long m) {
    const long looked = std::min(64L, m);
    const Array<T> row(inputs);
    long count = 0;
    for (long i = 0; i < looked; ++i) {
        gather(X, m * i / looked, inputs, row.data());
        count += inputs - std::count(row.data(), row.data() + inputs, T(0));
    }
    return static_cast<double>(count) / static_cast<double>(std::max(1L, looked * inputs));
}

/// Memory for entries, in blocks.
template <class T>
class Pool {
  public:
    /// A place for so many entries at most; those that are taken belong to the caller. Throws std::bad_alloc.
    Entry<T>* room(long most) {
        while (left_ < most && at_ < blocks_.size()) begin(at_++);
        if (left_ < most) {
            blocks_.emplace_back(std::max(8 * most, std::min(LARGEST, blocks_.empty() ? 0 : 2 * blocks_.back().count())));
            begin(at_++);
        }
        return free_;
    }
    void take(long entries) {
        free_ += entries;
        left_ -= entries;
        taken_ += entries;
    }
    /// Entries taken so far.
    long taken() const { return taken_; }
    /// Takes all of them back, and keeps the memory.
    void clear() {
        at_ = 0;
        left_ = taken_ = 0;
    }

  private:
    static constexpr long LARGEST = 1L << 18;

    void begin(std::size_t block) {
        free_ = blocks_[block].data();
        left_ = blocks_[block].count();
    }

    std::vector<Array<Entry<T>>> blocks_;
    std::size_t at_ = 0;
    Entry<T>* free_ = nullptr;
    long left_ = 0, taken_ = 0;
};

/// The lists of examples, each made when it is first asked for: later epochs find it, as long as all of them together take little
/// memory beside the examples.
template <class T>
class Lists {
  public:
    /// `bytes` may be taken for what is kept, or as much as an eighth of the examples where those are large.
    Lists(const Kernels<T>& kernels, const Source& X, long inputs, long m, long bytes)
        : kernels_(kernels),
          X_(X),
          inputs_(inputs),
          at_once_(std::max(AT_ONCE, m * inputs / 16)),
          most_(std::max(bytes / static_cast<long>(sizeof(Entry<T>)), m * inputs / 16)),
          lists_(m),
          row_(inputs) {}

    /// Whether there may be so many lists at once, with that share of inputs that are not 0.
    bool have_room(double filled, long lists) const {
        return filled * static_cast<double>(lists * inputs_) <= static_cast<double>(at_once_);
    }

    /// Lists all examples, or as many as are kept, as they lie in memory: that is sooner done than one here and one there. Returns
    /// false where it was stopped between two. Throws std::bad_alloc where there is no memory.
    bool add_kept(Stop stop) {
        for (long i = 0; i < lists_.count() && kept_.taken() < most_; ++i) {
            if (!lists_[i].entries) make(i);
            if (i % OFTEN == 0 && stop()) return false;
        }
        all_ = kept_.taken() < most_;
        return true;
    }

    /// Lists those of the examples order[first..first + count), in order where `order` is null, that are not listed yet. Lists that
    /// were there before may be gone. Returns false where it was stopped between two. Throws std::bad_alloc where there is no memory.
    bool add(const std::uint32_t* order, long first, long count, Stop stop) {
        if (all_) return true;
        forget();
        for (long i = first; i < first + count; ++i) {
            const long example = order ? order[i] : i;
            if (!lists_[example].entries) make(example);
            if (i % OFTEN == 0 && stop()) return false;
        }
        return true;
    }

    /// The lists of examples from one on, side by side; one that is not there has no entries, and null for them.
    const List<T>* from(long example) const { return lists_.data() + example; }

  private:
    /// Examples between two questions whether to stop, and entries of one step that are never too many.
    static constexpr long OFTEN = 64, AT_ONCE = 1L << 24;

    void make(long example) {
        const bool stays = kept_.taken() < most_;
        Pool<T>& pool = stays ? kept_ : passing_;
        if (!stays) passing_examples_.push_back(example);
        Entry<T>* const entries = pool.room(inputs_);
        const T* row = in_place<T>(X_, example);
        if (!row) gather(X_, example, inputs_, row_.data());
        const long count = kernels_.list(row ? row : row_.data(), inputs_, entries);
        lists_[example] = {entries, count};
        pool.take(count);
    }

    void forget() {
        for (const long example : passing_examples_) lists_[example] = {nullptr, 0};
        passing_examples_.clear();
        passing_.clear();
    }

    const Kernels<T>& kernels_;
    const Source X_;
    const long inputs_, at_once_, most_;
    Array<List<T>> lists_;
    Array<T> row_;
    Pool<T> kept_, passing_;
    std::vector<long> passing_examples_;
    bool all_ = false;  ///< every example is listed, and stays so
};

/// Has each of a list's lines in the nearest cache, many at a time: it reads a number there. Prefetches are lost where the page is
/// not known to the processor at once; what was read may not be.
template <class T>
inline void touch(const List<T>& list) {
    std::int32_t sum = list.count > 0 ? list.entries[list.count - 1].at : 0;
    for (const Entry<T>* at = list.begin(); at < list.end(); at += 64 / sizeof(Entry<T>)) sum += at->at;
    asm volatile("" : : "r"(sum));  // or nothing would be read for a sum that nobody uses
}

/// Asks for the first lines of a list that is wanted a step later: where to find it is not waited for.
template <class T>
inline void ask_for(const List<T>& list) {
    const char* const at = reinterpret_cast<const char*>(list.entries);
    if (!at) return;
    for (long line = 0; line < 3; ++line) __builtin_prefetch(at + 64 * line, 0, 2);
}

/// The rows in which an input is not 0, input by input: lists of a chunk's rows, turned.
template <class T>
class Turned {
  public:
    Turned(long inputs, long rows)
        : inputs_(inputs),
          room_(inputs * (rows + 1) <= ROOMY ? rows + 1 : 0),
          entries_(inputs * (rows + 1)),
          begins_(inputs),
          ends_(inputs) {
        for (long k = 0; k < inputs; ++k) begins_[k] = static_cast<std::int32_t>(k * room_);
    }

    /// Turns the lists of the rows first..first + rows.
    void turn(const List<T>* lists, long first, long rows) {
        if (!room_) make_room(lists + first, rows);
        std::copy_n(begins_.data(), inputs_, ends_.data());
        for (long r = first; r < first + rows; ++r)
            for (const Entry<T>& entry : lists[r]) entries_[ends_[input_of(entry)]++] = {static_cast<std::int32_t>(r * PANEL<T>), entry.x};
    }

    Columns<T> columns() const { return {entries_.data(), begins_.data(), ends_.data()}; }

  private:
    /// Up to so many entries each input has room for all rows, and they need not be counted first.
    static constexpr long ROOMY = 1L << 16;

    static long input_of(const Entry<T>& entry) { return static_cast<long>(static_cast<std::uint32_t>(entry.at) / PANEL<T>); }

    void make_room(const List<T>* lists, long rows) {
        std::fill_n(ends_.data(), inputs_, 0);
        for (long r = 0; r < rows; ++r)
            for (const Entry<T>& entry : lists[r]) ++ends_[input_of(entry)];
        std::int32_t begin = 0;
        for (long k = 0; k < inputs_; begin += ends_[k++]) begins_[k] = begin;
    }

    const long inputs_, room_;
    Array<Entry<T>> entries_;
    Array<std::int32_t> begins_, ends_;
};

}  // namespace ellnet
