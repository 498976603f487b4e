// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "madang/testing/message_store/messages.h"
#include "madang/testing/message_store/trial.h"

namespace madang::conformance {

inline const char* name_of(Continuity continuity) {
  switch (continuity) {
    case Continuity::kComplete:
      return "kComplete";
    case Continuity::kStored:
      return "kStored";
    case Continuity::kBroken:
      break;
  }
  return "kBroken";
}

inline void expect_continuity(Trial& trial, MessageStore& store, const char* room,
                              Continuity wanted) {
  const auto found = trial.load(store, all_of(room)).continuity;
  trial.expect(found == wanted,
               std::string(room) + " is " + name_of(found) + " and should be " + name_of(wanted));
}

// Destroys a writer that has stored something since it was opened, and opens the next.
inline bool die_and_open(Trial& trial, std::unique_ptr<MessageStore>& store) {
  store.reset();
  store = trial.open_after_death();
  return store != nullptr;
}

inline void open_names_a_lineage(Trial& trial) {
  OpenResult first, second, third;
  auto store = trial.open(&first);
  if (store == nullptr || !trial.append(*store, messages("room", 1, 1))) return;
  trial.expect(!first.lineage.empty(), "the lineage has no name");
  if (!trial.under_test().outlives_objects() || !trial.close(store)) return;
  store = trial.open(&second);
  if (store == nullptr) return;
  store.reset();
  store = trial.open_after_death(&third);
  trial.expect(second.lineage == first.lineage, "the lineage changed by a restart");
  trial.expect(third.lineage == first.lineage, "the lineage changed by a death");
}

inline void open_refuses_a_second_writer(Trial& trial) {
  if (!trial.under_test().outlives_objects()) return;
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 1, 1))) return;
  auto second = trial.under_test().make();
  const auto opened = trial.try_open(*second);
  trial.expect(absl::IsFailedPrecondition(opened.status()),
               "the second open() answered " + opened.status().ToString());
  const auto stored = trial.try_append(*second, messages("room", 2, 2));
  trial.expect(!stored.ok(), "the second writer may append");
  second.reset();
  if (!trial.append(*store, messages("room", 2, 3)) || !trial.close(store)) return;
  store = trial.open();
  if (store == nullptr) return;
  expect_continuity(trial, *store, "room", Continuity::kComplete);
  trial.expect(trial.load(*store, all_of("room")).top == 3, "the first could not go on");
}

inline void open_lets_the_next_writer_in(Trial& trial) {
  if (!trial.under_test().outlives_objects()) return;
  auto store = trial.open();
  std::uint64_t top = 0;
  for (int round = 0; round < 4 && store != nullptr; ++round) {
    ++top;
    if (!trial.append(*store, messages("room", top, top))) return;
    if (round % 2 == 0) {
      trial.reopen(store);
    } else {
      die_and_open(trial, store);
    }
    if (store == nullptr) return;
    trial.expect(trial.load(*store, all_of("room")).top == top, "what was stored is not there");
  }
}

inline void append_needs_an_open_store(Trial& trial) {
  auto store = trial.under_test().make();
  trial.expect(!trial.try_append(*store, messages("room", 1, 1)).ok(),
               "append() is OK before open()");
  store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 1, 1))) return;
  if (!trial.expect_ok(trial.try_close(*store), "close()")) return;
  trial.expect(!trial.try_append(*store, messages("room", 2, 2)).ok(),
               "append() is OK after close()");
}

inline void clean_end_is_complete(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 1, 2))) return;
  expect_continuity(trial, *store, "room", Continuity::kComplete);
  if (!trial.under_test().outlives_objects()) return;
  for (int round = 0; round < 3; ++round) {
    if (!trial.reopen(store)) return;
    expect_continuity(trial, *store, "room", Continuity::kComplete);
  }
}

inline void death_leaves_what_is_stored(Trial& trial) {
  if (!trial.under_test().outlives_objects()) return;
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("older", 1, 2))) return;
  if (!trial.reopen(store) || !trial.append(*store, messages("room", 1, 2))) return;
  if (!die_and_open(trial, store)) return;
  expect_continuity(trial, *store, "room", Continuity::kStored);
  expect_continuity(trial, *store, "older", Continuity::kStored);
  // More of the same epoch does not bring back what may be missing, and nor does a good end.
  if (!trial.append(*store, messages("room", 3, 4))) return;
  expect_continuity(trial, *store, "room", Continuity::kStored);
  if (!trial.reopen(store)) return;
  expect_continuity(trial, *store, "room", Continuity::kStored);
  expect_continuity(trial, *store, "older", Continuity::kStored);
}

inline void a_new_epoch_is_complete(Trial& trial) {
  if (!trial.under_test().outlives_objects()) return;
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 1, 2)) ||
      !die_and_open(trial, store)) {
    return;
  }
  if (!trial.append(*store, messages("room", 3, 4, "e2")) ||
      !trial.append(*store, messages("new", 1, 1))) {
    return;
  }
  for (int round = 0; round < 2; ++round) {
    expect_continuity(trial, *store, "room", Continuity::kComplete);
    expect_continuity(trial, *store, "new", Continuity::kComplete);
    if (!trial.reopen(store)) return;
  }
  if (!die_and_open(trial, store)) return;
  expect_continuity(trial, *store, "room", Continuity::kStored);
  expect_continuity(trial, *store, "new", Continuity::kStored);
}

inline void another_lineage_is_broken(Trial& trial) {
  OpenResult before, after;
  auto store = trial.open(&before);
  if (store == nullptr || !trial.append(*store, messages("room", 1, 2)) ||
      !trial.append(*store, messages("other", 1, 2)) || !trial.close(store) ||
      !trial.under_test().go_back_in_time()) {
    return;
  }
  store = trial.open(&after);
  if (store == nullptr) return;
  trial.expect(before.lineage != after.lineage, "the lineage has the same name");
  expect_continuity(trial, *store, "room", Continuity::kBroken);
  if (!trial.append(*store, messages("room", 3, 3, "e2")) ||
      !trial.append(*store, messages("other", 3, 3))) {
    return;
  }
  for (int round = 0; round < 2; ++round) {
    expect_continuity(trial, *store, "room", Continuity::kComplete);
    expect_continuity(trial, *store, "other", Continuity::kBroken);
    if (!trial.reopen(store)) return;
  }
}

// Everything is asked and nothing waited for. Who is destroyed answers first.
inline void destruction_answers_all(Trial& trial) {
  for (int round = 0; round < 5; ++round) {
    auto store = trial.under_test().make();
    Awaited<OpenResult> opened;
    store->open(opened.callback());
    store.reset();
    trial.expect(opened.calls()() == 1, "open() came " + std::to_string(opened.calls()()) +
                                            " times by the end of the store");

    store = trial.open_after_death();
    if (store == nullptr) return;
    std::vector<Awaited<StoredPage>> reads(50);
    std::vector<Awaited<StoredRoom>> loads(50);
    Awaited<AppendResult> appended;
    Awaited<void> removed;
    store->append(messages("room", 1, 500), appended.callback());
    store->remove("other", 5, removed.callback());
    for (std::size_t i = 0; i < reads.size(); ++i) {
      store->read(page_of("room", 0, Direction::kUp), reads[i].callback());
      store->load(all_of("room"), loads[i].callback());
    }
    store.reset();
    bool once = appended.calls()() == 1 && removed.calls()() == 1;
    for (std::size_t i = 0; i < reads.size(); ++i)
      once = once && reads[i].calls()() == 1 && loads[i].calls()() == 1;
    trial.expect(once, "not every call was answered once by the end of the store");
    if (!trial.under_test().outlives_objects()) return;
  }
}

inline std::vector<Promise> writer_promises() {
  return {
      {"open: names the lineage, which neither restart nor death changes", open_names_a_lineage},
      {"open: a second writer is refused with FailedPrecondition, and the first goes on",
       open_refuses_a_second_writer},
      {"open: the next writer is let in after close() and after a death, and finds all",
       open_lets_the_next_writer_in},
      {"append: a store that is not open answers an error", append_needs_an_open_store},
      {"continuity: after close() rooms are kComplete", clean_end_is_complete},
      {"continuity: after a death rooms of that time and before are kStored, and stay so",
       death_leaves_what_is_stored},
      {"continuity: an epoch that began after a death is kComplete", a_new_epoch_is_complete},
      {"continuity: in another lineage rooms are kBroken until their next epoch",
       another_lineage_is_broken},
      {"destruction: every call is answered once, also what was under way",
       destruction_answers_all},
  };
}

}  // namespace madang::conformance
