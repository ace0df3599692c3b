// Put into a process before its other libraries (LD_PRELOAD): counts what one of them allocates, and has one allocation fail.
//
// Counted are operator new, malloc, mmap and the begin of threads, where the caller is code of that library (a thread is begun by the
// standard library for it). What was allocated so and not freed again is told too.
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

extern "C" void* __libc_malloc(std::size_t bytes);
extern "C" void __libc_free(void* block);

namespace {

std::atomic<bool> counting{false};
std::atomic<long> counted{0}, failed{0}, first{-1}, last{-1};
std::uintptr_t begin_of_code = 0, end_of_code = 0;

/// Blocks that are counted and not freed: a table by address, under a lock that is held for some instructions.
constexpr std::size_t PLACES = 1 << 18;
void* blocks[PLACES];
void* const GONE = reinterpret_cast<void*>(1);
std::atomic<long> living{0};
std::atomic_flag lock = ATOMIC_FLAG_INIT;

struct Locked {
    Locked() {
        while (lock.test_and_set(std::memory_order_acquire)) {
        }
    }
    ~Locked() { lock.clear(std::memory_order_release); }
};

std::size_t place_of(const void* block) { return (reinterpret_cast<std::uintptr_t>(block) >> 4) * 2654435761u % PLACES; }

void note(void* block) {
    const Locked locked;
    std::size_t at = place_of(block);
    while (blocks[at] && blocks[at] != GONE) at = (at + 1) % PLACES;
    blocks[at] = block;
    ++living;
}

void forget(void* block) {
    if (!block || living.load() == 0) return;
    const Locked locked;
    for (std::size_t at = place_of(block); blocks[at]; at = (at + 1) % PLACES)
        if (blocks[at] == block) {
            blocks[at] = GONE;
            --living;
            return;
        }
}

bool from_the_library(void* caller) {
    const auto at = reinterpret_cast<std::uintptr_t>(caller);
    return counting.load() && at >= begin_of_code && at < end_of_code;
}

/// Counts one, and says whether it is to fail.
bool fails() {
    const long number = counted.fetch_add(1);
    const bool chosen = number >= first.load() && number <= last.load();
    failed += chosen;
    return chosen;
}

void* allocate(std::size_t bytes, std::size_t boundary, void* caller) {
    const bool ours = from_the_library(caller);
    if (ours && fails()) throw std::bad_alloc();
    void* block = nullptr;
    if (boundary <= alignof(std::max_align_t))
        block = __libc_malloc(bytes ? bytes : 1);
    else if (posix_memalign(&block, boundary, bytes ? bytes : 1) != 0)
        block = nullptr;
    if (!block) throw std::bad_alloc();
    if (ours) note(block);
    return block;
}

/// The same for who wants null instead of an exception.
void* allocate_or_null(std::size_t bytes, void* caller) noexcept {
    const bool ours = from_the_library(caller);
    if (ours && fails()) {
        errno = ENOMEM;
        return nullptr;
    }
    void* block = __libc_malloc(bytes ? bytes : 1);
    if (ours && block) note(block);
    return block;
}

void release(void* block) {
    forget(block);
    __libc_free(block);
}

template <class Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

/// Begins to count, and has the allocations number `from` to `to`, from 0, fail; -1 for none.
void ordeal_begin(std::uintptr_t code, std::uintptr_t end, long from, long to) {
    for (void*& block : blocks) block = nullptr;
    begin_of_code = code;
    end_of_code = end;
    counted = failed = living = 0;
    first = from;
    last = to;
    counting = true;
}

void ordeal_end() { counting = false; }
long ordeal_counted() { return counted; }
long ordeal_failed() { return failed; }
long ordeal_living() { return living; }

static void* map(void* at, std::size_t bytes, int protection, int flags, int file, off_t offset, void* caller) {
    static const auto real = next<void* (*)(void*, std::size_t, int, int, int, off_t)>("mmap");
    const bool ours = from_the_library(caller);
    if (ours && fails()) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void* block = real(at, bytes, protection, flags, file, offset);
    if (ours && block != MAP_FAILED) note(block);
    return block;
}
void* mmap(void* at, std::size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
    return map(at, bytes, protection, flags, file, offset, __builtin_return_address(0));
}
void* mmap64(void* at, std::size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
    return map(at, bytes, protection, flags, file, offset, __builtin_return_address(0));
}
void* malloc(std::size_t bytes) noexcept { return allocate_or_null(bytes, __builtin_return_address(0)); }
void free(void* block) noexcept { release(block); }

int munmap(void* block, std::size_t bytes) noexcept {
    static const auto real = next<int (*)(void*, std::size_t)>("munmap");
    forget(block);
    return real(block, bytes);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*work)(void*), void* argument) noexcept {
    static const auto real = next<int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
    if (counting.load() && fails()) return EAGAIN;
    return real(thread, attributes, work, argument);
}

}  // extern "C"

void* operator new(std::size_t bytes) { return allocate(bytes, 0, __builtin_return_address(0)); }
void* operator new[](std::size_t bytes) { return allocate(bytes, 0, __builtin_return_address(0)); }
void* operator new(std::size_t bytes, std::align_val_t at) {
    return allocate(bytes, static_cast<std::size_t>(at), __builtin_return_address(0));
}
void* operator new[](std::size_t bytes, std::align_val_t at) {
    return allocate(bytes, static_cast<std::size_t>(at), __builtin_return_address(0));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return allocate_or_null(bytes, __builtin_return_address(0));
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
    return allocate_or_null(bytes, __builtin_return_address(0));
}
void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { release(block); }
