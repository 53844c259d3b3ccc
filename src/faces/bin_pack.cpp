#include "faces/bin_pack.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "faces/pickle_reader.h"

namespace quantface {

namespace {

// An encoded image larger than this is none that a verification pack holds.
constexpr uint64_t kMaxEncodedBytes = uint64_t{256} << 20;

bool is_sequence(const Pickle& pickle, PickleRef ref) {
    return pickle.kind(ref) == PickleKind::kList || pickle.kind(ref) == PickleKind::kTuple;
}

// 0, 1, or -1 where the element is neither.
int flag_at(const std::vector<uint8_t>& data, uint64_t element, uint64_t element_bytes) {
    const auto first = data.begin() + static_cast<ptrdiff_t>(element * element_bytes);
    const bool small = std::all_of(first + 1, first + static_cast<ptrdiff_t>(element_bytes),
                                   [](uint8_t byte) { return byte == 0; });
    return small && *first <= 1 ? *first : -1;
}

}  // namespace

BinPack BinPack::open(const std::filesystem::path& path) {
    return from_source(open_file_source(path));
}

BinPack BinPack::from_source(std::shared_ptr<const ByteSource> source) {
    BinPack pack;
    pack.source_ = std::move(source);
    const Pickle pickle = read_pickle(*pack.source_);
    const PickleRef root = pickle.root();
    if (!is_sequence(pickle, root) || pickle.items(root).size() != 2 ||
        !is_sequence(pickle, pickle.items(root)[0])) {
        fail_bad_input(pack.source_->name() +
                       ": not a verification pack: it must hold a list of images and a list of flags");
    }
    pack.read_images(pickle, pickle.items(root)[0]);
    pack.read_flags(pickle, pickle.items(root)[1]);
    return pack;
}

void BinPack::read_images(const Pickle& pickle, PickleRef list) {
    const auto items = pickle.items(list);
    if (items.empty() || items.size() % 2 != 0) {
        fail_bad_input(source_->name() + ": not a verification pack: " + std::to_string(items.size()) +
                       " images do not make pairs");
    }
    images_.reserve(items.size());
    for (const PickleRef item : items) {
        StoredImage stored;
        const PickleKind kind = pickle.kind(item);
        if (kind == PickleKind::kBytes) {
            stored.bytes = pickle.bytes(item);
        } else {
            const PickleArray array = kind == PickleKind::kArray ? pickle.array(item) : PickleArray{};
            if (!array.complete || array.dtype.kind != 'u' || array.dtype.size_bytes != 1 ||
                array.rank != 1) {
                fail_bad_input(image_name(static_cast<int64_t>(images_.size())) +
                               ": neither bytes nor a one-dimensional NumPy array of u8");
            }
            stored.bytes = array.data;
            stored.decoded_bytes = array.elements;
        }
        images_.push_back(stored);
    }
}

void BinPack::read_flags(const Pickle& pickle, PickleRef flags) {
    const uint64_t pairs = images_.size() / 2;
    auto check_count = [&](uint64_t count) {
        if (count != pairs) {
            fail_bad_input(source_->name() + ": not a verification pack: " + std::to_string(images_.size()) +
                           " images need " + std::to_string(pairs) + " flags, it has " +
                           std::to_string(count));
        }
    };
    auto add_flag = [&](int64_t flag) {
        if (flag != 0 && flag != 1) {
            fail_bad_input(source_->name() + ": flag " + std::to_string(same_.size()) +
                           " is neither true nor false");
        }
        same_.push_back(flag == 1);
    };
    auto add_array = [&](const PickleArray& array) {
        const auto element_bytes = static_cast<uint64_t>(array.dtype.size_bytes);
        // Escapes store at most ten bytes for one.
        const auto data = decode_pickle_bytes(*source_, array.data, array.elements * element_bytes * 10);
        if (data.size() != array.elements * element_bytes) {
            fail_bad_input(source_->name() +
                           ": not a verification pack: a NumPy array of flags of the wrong size");
        }
        for (uint64_t element = 0; element < array.elements; ++element) {
            add_flag(flag_at(data, element, element_bytes));
        }
    };

    if (pickle.kind(flags) == PickleKind::kArray && pickle.array(flags).complete &&
        pickle.array(flags).rank == 1) {
        check_count(pickle.array(flags).elements);
        add_array(pickle.array(flags));
        return;
    }
    if (!is_sequence(pickle, flags)) {
        fail_bad_input(source_->name() +
                       ": not a verification pack: its flags are neither a list nor a NumPy array");
    }
    check_count(pickle.items(flags).size());
    for (const PickleRef item : pickle.items(flags)) {
        const PickleKind kind = pickle.kind(item);
        if (kind == PickleKind::kBool || kind == PickleKind::kInt) {
            add_flag(pickle.integer(item));
        } else if (kind == PickleKind::kArray && pickle.array(item).complete &&
                   pickle.array(item).elements == 1) {
            add_array(pickle.array(item));
        } else {
            add_flag(-1);
        }
    }
}

std::string BinPack::file_name() const {
    return std::filesystem::path(source_->name()).filename().string();
}

std::string BinPack::image_name(int64_t index) const {
    return source_->name() + ": image " + std::to_string(index);
}

bool BinPack::same(int64_t pair) const {
    QF_CHECK(pair >= 0 && pair < pair_count());
    return same_[static_cast<size_t>(pair)];
}

std::vector<uint8_t> BinPack::encoded_image(int64_t index) const {
    QF_CHECK(index >= 0 && index < image_count());
    const StoredImage& stored = images_[static_cast<size_t>(index)];
    if (stored.bytes.length > kMaxEncodedBytes) {
        fail_bad_input(image_name(index) + ": " + std::to_string(stored.bytes.length) +
                       " bytes, too large for an encoded image");
    }
    auto bytes = decode_pickle_bytes(*source_, stored.bytes, kMaxEncodedBytes);
    if (stored.decoded_bytes != kAnySize && bytes.size() != stored.decoded_bytes) {
        fail_bad_input(image_name(index) + ": the NumPy array's shape and data disagree");
    }
    return bytes;
}

Image BinPack::image(int64_t index) const {
    const auto encoded = encoded_image(index);
    return decode_image(encoded, image_name(index));
}

}  // namespace quantface
