// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "storage/faulty_store.h"

namespace madang {
namespace {

using Found = absl::StatusOr<SearchPage>;

// A fault that looks for something else than was asked.
template <typename Change>
std::function<Fault()> in_each_query(Change change) {
  return [change] { return Fault{.search = [change](SearchQuery& query) { change(query); }}; };
}

template <typename Change>
std::function<Fault()> in_each_page(Change change) {
  return [change] {
    return Fault{.found = [change](const SearchQuery& query, Found& page) { change(query, page); }};
  };
}

void drop_word(std::string& text, const std::string& word) {
  const auto at = text.find(word);
  if (at != std::string::npos) text.erase(at, word.size());
}

// Every character of the text by itself, in any order.
std::string scattered(const std::string& text) {
  std::string apart;
  for (const char byte : text) {
    if ((static_cast<unsigned char>(byte) & 0xC0) != 0x80) apart += ' ';
    apart += byte;
  }
  return apart;
}

std::string first_words(const std::string& text, std::size_t count) {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (text[end] == ' ' && --count == 0) break;
  }
  return text.substr(0, end);
}

Fault remembers_what_it_found() {
  auto own = std::make_shared<std::map<std::string, SearchPage>>();
  return {.found = [own](const SearchQuery& query, Found& page) {
    if (page.ok() && !page->messages.empty()) *page = own->emplace(query.text, *page).first->second;
  }};
}

Fault finds_what_was_stored_twice_twice() {
  auto own = std::make_shared<std::multiset<std::uint64_t>>();
  return {.append =
              [own](MessageBatch& batch) {
                for (const auto& message : batch)
                  own->insert(message.offset);
              },
          .found =
              [own](const SearchQuery&, Found& page) {
                const auto once = page.ok() ? page->messages : MessageBatch();
                for (const auto& message : once) {
                  if (own->count(message.offset) > 1) page->messages.push_back(message);
                }
              }};
}

bool signed_less(const RoomSummary& a, const RoomSummary& b) {
  return std::lexicographical_compare(
      a.room.begin(), a.room.end(), b.room.begin(), b.room.end(),
      [](char x, char y) { return static_cast<signed char>(x) < static_cast<signed char>(y); });
}

template <typename Change>
std::function<Fault()> in_each_summary(Change change) {
  return [change] {
    return Fault{.summed_up = [change](std::vector<RoomSummary>& rooms) {
      for (auto& room : rooms)
        change(room);
    }};
  };
}

}  // namespace

std::vector<PlantedFault> planted_search_faults() {
  return {
      {"search: is offered", "no search", [] { return Fault{.has_no_search = true}; }},
      {"search: finds messages", "with the first word",
       in_each_query([](SearchQuery& query) { query.text = first_words(query.text, 1); })},
      {"search: finds messages", "without an accent or another script",
       in_each_page([](const SearchQuery& query, Found& page) {
         if (page.ok() && query.text.find('\xC3') != std::string::npos) page->messages.clear();
       })},
      {"search: finds messages", "with other data",
       in_each_page([](const SearchQuery&, Found& page) {
         for (auto& message : page->messages)
           message.data = searchable_text(message.data.view()) + " ";
       })},
      {"search: finds parts", "of three characters and more",
       in_each_page([](const SearchQuery& query, Found& page) {
         if (query.text.size() < 9) page->messages.clear();
       })},
      {"search: finds parts", "scattered",
       in_each_query([](SearchQuery& query) { query.text = scattered(query.text); })},
      {"search: looks", "also beside",
       in_each_query([](SearchQuery& query) { query.rooms.push_back("plain"); })},
      {"search: looks", "in names up to a NUL", in_each_query([](SearchQuery& query) {
         for (auto& room : query.rooms)
           room = room.substr(0, room.find('\0'));
       })},
      {"search: the newest", "by offset", in_each_page([](const SearchQuery&, Found& page) {
         std::stable_sort(page->messages.begin(), page->messages.end(),
                          [](const auto& a, const auto& b) { return a.offset > b.offset; });
       })},
      {"search: the newest", "rooms upwards", in_each_page([](const SearchQuery&, Found& page) {
         std::stable_sort(
             page->messages.begin(), page->messages.end(), [](const auto& a, const auto& b) {
               return std::tie(b.time, a.room, b.offset) < std::tie(a.time, b.room, a.offset);
             });
       })},
      {"search: pages", "go on by time alone", in_each_query([](SearchQuery& query) {
         if (query.below) query.below = SearchCursor{.time = query.below->time};
       })},
      {"search: pages", "go on with the last again", in_each_query([](SearchQuery& query) {
         if (query.below) ++query.below->offset;
       })},
      {"search: pages", "are too long",
       in_each_query([](SearchQuery& query) { ++query.messages_max; })},
      {"search: what was removed", "is remembered", remembers_what_it_found},
      {"search: what was stored again", "is found twice", finds_what_was_stored_twice_twice},
      {"search: what somebody", "a quote is an error",
       in_each_page([](const SearchQuery& query, Found& page) {
         if (query.text.find('"') != std::string::npos) page = absl::InternalError("");
       })},
      {"search: what somebody", "NEAR is an operator",
       in_each_query([](SearchQuery& query) { drop_word(query.text, "NEAR"); })},
      {"search: what somebody", "minus is an operator", in_each_query([](SearchQuery& query) {
         query.text = query.text.substr(0, query.text.find('-'));
       })},
      {"search: what somebody", "a column is an operator",
       in_each_query([](SearchQuery& query) { drop_word(query.text, "text:"); })},
      {"search: what somebody", "ends at a NUL", in_each_query([](SearchQuery& query) {
         query.text = query.text.substr(0, query.text.find('\0'));
       })},
      {"search: no word", "finds nothing instead",
       in_each_page([](const SearchQuery&, Found& page) {
         if (!page.ok()) page = SearchPage();
       })},
      {"search: no word", "too many words are cut", in_each_query([](SearchQuery& query) {
         query.text = first_words(query.text, kSearchWordsMax);
       })},
      {"search: no word", "too many rooms are cut", in_each_query([](SearchQuery& query) {
         query.rooms.resize(std::min(query.rooms.size(), kSearchRoomsMax));
       })},
      {"search: no word", "a word less", in_each_page([](const SearchQuery& query, Found& page) {
         if (search_phrases(query.text).size() >= kSearchWordsMax) {
           page = absl::InvalidArgumentError("");
         }
       })},
  };
}

std::vector<PlantedFault> planted_retention_faults() {
  return {
      {"retention: is offered", "no retention", [] { return Fault{.has_no_retention = true}; }},
      {"rooms: all", "as signed bytes",
       [] {
         return Fault{.summed_up = [](std::vector<RoomSummary>& rooms) {
           std::sort(rooms.begin(), rooms.end(), signed_less);
         }};
       }},
      {"rooms: all", "with the last again",
       [] {
         return Fault{.rooms = [](std::string& after, std::size_t&) {
           if (!after.empty()) after.pop_back();
         }};
       }},
      {"rooms: all", "one too many",
       [] { return Fault{.rooms = [](std::string&, std::size_t& rooms_max) { ++rooms_max; }}; }},
      {"rooms: each", "first is 1", in_each_summary([](RoomSummary& room) { room.first = 1; })},
      {"rooms: each", "no epoch", in_each_summary([](RoomSummary& room) { room.epoch.clear(); })},
      {"rooms: each", "no time", in_each_summary([](RoomSummary& room) { room.oldest = {}; })},
      {"rooms: each", "not the empty",
       [] {
         return Fault{.summed_up = [](std::vector<RoomSummary>& rooms) {
           std::erase_if(rooms, [](const auto& room) { return room.first > room.top; });
         }};
       }},
      {"expire: removes", "without bound",
       [] {
         return Fault{.expire = [](WallTime&, std::size_t& messages_max) { messages_max = 1000; }};
       }},
      {"expire: removes", "what is as old",
       [] {
         return Fault{.expire = [](WallTime& before, std::size_t&) {
           before += std::chrono::milliseconds(1);
         }};
       }},
      {"expire: removes", "and says less",
       [] { return Fault{.expired = [](std::size_t& count) { count /= 2; }}; }},
      {"expire: after close", "is done all the same", [] { return Fault{.ignores_close = true}; }},
      {"expire: top", "the room goes too",
       [] {
         return Fault{.summed_up = [](std::vector<RoomSummary>& rooms) {
           std::erase_if(rooms, [](const auto& room) { return room.first > room.top; });
         }};
       }},
      {"expire: top", "top goes too",
       [] {
         return Fault{.loaded = [](absl::StatusOr<StoredRoom>& room) {
           if (room->messages.empty()) room->top = 0;
         }};
       }},
  };
}

}  // namespace madang
