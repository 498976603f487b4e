// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace madang {

// What most connections of a lane have in common with others, such as the page that they come from:
// one object for all that are alike, as far as a few are remembered. It keeps the lane's object, in
// which these are, so that a connection has both by one pointer.
//
// `Lane` has them as sites(). `Facts` can be compared. Belongs to the lane, as does everything that
// holds a Reference.
template <typename Lane, typename Facts>
class LaneSites {
 public:
  class Site : public Facts {
   public:
    Site(std::shared_ptr<Lane> keeps, Facts facts)
        : Facts(std::move(facts)), lane(std::move(keeps)) {}

    const std::shared_ptr<Lane> lane;

   private:
    friend class LaneSites;
    std::size_t references_ = 0;
  };

  struct Release {
    void operator()(Site* site) const {
      if (--site->references_ > 0) return;
      site->lane->sites().forget(*site);
      delete site;  // perhaps the lane's object too
    }
  };
  // Counted in the site, as a std::shared_ptr would take twice the room in every connection.
  using Reference = std::unique_ptr<Site, Release>;

  LaneSites() = default;
  LaneSites(const LaneSites&) = delete;
  LaneSites& operator=(const LaneSites&) = delete;

  // The site with these facts, new or known. `lane` is whose sites() this is.
  Reference find_or_add(std::shared_ptr<Lane> lane, Facts facts) {
    for (Site* const known : known_) {
      if (known != nullptr && static_cast<const Facts&>(*known) == facts) return refer_to(*known);
    }
    auto site = std::make_unique<Site>(std::move(lane), std::move(facts));
    known_[next_] = site.get();
    next_ = (next_ + 1) % kKnownMax;
    return refer_to(*site.release());
  }

 private:
  static constexpr std::size_t kKnownMax = 16;

  static Reference refer_to(Site& site) {
    ++site.references_;
    return Reference(&site);
  }
  void forget(Site& site) {
    std::replace(known_.begin(), known_.end(), &site, static_cast<Site*>(nullptr));
  }

  std::array<Site*, kKnownMax> known_ = {};  // they keep us, not we them
  std::size_t next_ = 0;                     // the next to be forgotten for another
};

}  // namespace madang
