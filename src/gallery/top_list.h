// The best of many scores, in an order that nothing but the scores and numbers decide.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace quantface {

struct GalleryHit {
    int64_t face = -1, person = -1;
    float score = 0;  // cosine
    bool operator==(const GalleryHit&) const = default;
};

// kPeople: each person once, with the best of the person's faces. kFaces: every face for itself.
enum class HitKind { kPeople, kFaces };

// Of the hits that were offered the best `limit`, the highest score first. Of equal scores the lower person
// (kPeople) or the lower face (kFaces) comes first, and a person's best face is the lower one. The result
// does not depend on the order of the offers, so lists of parts can be merged.
class TopList {
  public:
    TopList(HitKind kind, size_t limit) : kind_(kind), limit_(limit) {}

    void offer(const GalleryHit& hit) {
        // What most hits of a large gallery come to.
        if (hits_.size() == limit_ && hit.score < hits_.back().score) return;
        insert(hit);
    }
    void merge(const TopList& other) {
        for (const GalleryHit& hit : other.hits_) insert(hit);
    }
    // A score below it changes nothing.
    float least_score() const { return hits_.size() == limit_ ? hits_.back().score : -2; }
    const std::vector<GalleryHit>& hits() const { return hits_; }

  private:
    bool is_better(const GalleryHit& a, const GalleryHit& b) const {
        if (a.score != b.score) return a.score > b.score;
        if (kind_ == HitKind::kPeople && a.person != b.person) return a.person < b.person;
        return a.face < b.face;
    }
    void insert(const GalleryHit& hit) {
        if (kind_ == HitKind::kPeople) {
            // One that was dropped earlier was below all that are here, which only rise: it is not missed.
            const auto same = std::find_if(hits_.begin(), hits_.end(),
                                           [&](const GalleryHit& own) { return own.person == hit.person; });
            if (same != hits_.end()) {
                if (!is_better(hit, *same)) return;
                hits_.erase(same);
            }
        }
        const auto place = std::lower_bound(hits_.begin(), hits_.end(), hit,
                                            [&](const auto& a, const auto& b) { return is_better(a, b); });
        if (place == hits_.end() && hits_.size() == limit_) return;
        hits_.insert(place, hit);
        if (hits_.size() > limit_) hits_.pop_back();
    }

    HitKind kind_;
    size_t limit_;
    std::vector<GalleryHit> hits_;
};

}  // namespace quantface
