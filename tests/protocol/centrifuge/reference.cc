// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/reference.h"

#include <doctest/doctest.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <simdjson.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <memory>
#include <utility>

#include "madang/base/json.h"

namespace madang::centrifuge::reference {
namespace {

namespace pb = google::protobuf;
using JsonValue = simdjson::ondemand::value;
using Field = pb::FieldDescriptor;

// The classes of the schema.
class Schema {
 public:
  Schema() {
    std::ifstream in(MADANG_REFERENCE_SCHEMA, std::ios::binary);
    pb::FileDescriptorSet files;
    REQUIRE(files.ParseFromIstream(&in));
    REQUIRE(files.file_size() == 1);
    file_ = pool_.BuildFile(files.file(0));
    REQUIRE(file_ != nullptr);
  }
  std::unique_ptr<pb::Message> make(const char* name) {
    return std::unique_ptr<pb::Message>(
        factory_.GetPrototype(file_->FindMessageTypeByName(name))->New());
  }

 private:
  pb::DescriptorPool pool_;
  const pb::FileDescriptor* file_ = nullptr;
  pb::DynamicMessageFactory factory_;
};

std::unique_ptr<pb::Message> make(const char* name) {
  static Schema schema;
  return schema.make(name);
}

std::string raw(JsonValue value) {
  std::string_view text;
  switch (value.type().value()) {
    case simdjson::ondemand::json_type::object:
      text = value.get_object().value().raw_json();
      break;
    case simdjson::ondemand::json_type::array:
      text = value.get_array().value().raw_json();
      break;
    default:
      text = value.raw_json_token();
  }
  return std::string(text.substr(0, text.find_last_not_of(" \t\r\n") + 1));
}

std::string text_of(JsonValue value) { return std::string(std::string_view(value.get_string())); }

// Sets a field, or adds to it if it may be there many times.
template <typename Value>
void put(pb::Message& to, const Field& field, Value value,
         void (pb::Reflection::*set)(pb::Message*, const Field*, Value) const,
         void (pb::Reflection::*add)(pb::Message*, const Field*, Value) const) {
  const pb::Reflection& fields = *to.GetReflection();
  (fields.*(field.is_repeated() ? add : set))(&to, &field, std::move(value));
}

void fill(JsonValue value, pb::Message& to);

pb::Message* message_in(pb::Message& to, const Field& field) {
  const pb::Reflection& fields = *to.GetReflection();
  return field.is_repeated() ? fields.AddMessage(&to, &field) : fields.MutableMessage(&to, &field);
}

void fill_one(JsonValue value, pb::Message& to, const Field& field) {
  using R = pb::Reflection;
  switch (field.cpp_type()) {
    case Field::CPPTYPE_STRING:
      return put<std::string>(to, field,
                              field.type() == Field::TYPE_BYTES ? raw(value) : text_of(value),
                              &R::SetString, &R::AddString);
    case Field::CPPTYPE_BOOL:
      return put<bool>(to, field, value.get_bool(), &R::SetBool, &R::AddBool);
    case Field::CPPTYPE_UINT32:
      return put<std::uint32_t>(to, field, static_cast<std::uint32_t>(std::uint64_t(value)),
                                &R::SetUInt32, &R::AddUInt32);
    case Field::CPPTYPE_UINT64:
      return put<std::uint64_t>(to, field, value.get_uint64(), &R::SetUInt64, &R::AddUInt64);
    case Field::CPPTYPE_INT32:
      return put<std::int32_t>(to, field, static_cast<std::int32_t>(std::int64_t(value)),
                               &R::SetInt32, &R::AddInt32);
    case Field::CPPTYPE_INT64:
      return put<std::int64_t>(to, field, value.get_int64(), &R::SetInt64, &R::AddInt64);
    case Field::CPPTYPE_MESSAGE:
      return fill(value, *message_in(to, field));
    default:
      FAIL("no such type in the schema: ", field.full_name());
  }
}

void fill_map(JsonValue value, pb::Message& to, const Field& field) {
  for (auto member : value.get_object()) {
    pb::Message& entry = *message_in(to, field);
    const std::string name(std::string_view(member.unescaped_key()));
    entry.GetReflection()->SetString(&entry, field.message_type()->map_key(), name);
    fill_one(member.value(), entry, *field.message_type()->map_value());
  }
}

// Members unknown to the schema are left out, and so is what should be an object and is none.
void fill(JsonValue value, pb::Message& to) {
  if (value.type().value() != simdjson::ondemand::json_type::object) return;
  for (auto member : value.get_object()) {
    const std::string name(std::string_view(member.unescaped_key()));
    const Field* field = to.GetDescriptor()->FindFieldByName(name);
    JsonValue inner = member.value();
    if (field == nullptr) continue;
    // Null is a value only where any is.
    if (field->type() != Field::TYPE_BYTES && inner.is_null()) continue;
    if (field->is_map()) {
      fill_map(inner, to, *field);
    } else if (field->is_repeated()) {
      for (auto element : inner.get_array())
        fill_one(element.value(), to, *field);
    } else {
      fill_one(inner, to, *field);
    }
  }
}

void fill(std::string_view json, pb::Message& to) {
  simdjson::ondemand::parser parser;
  // As a member, because what is on top of a document is no value there.
  const simdjson::padded_string text("{\"message\":" + std::string(json) + "}");
  simdjson::ondemand::document document = parser.iterate(text);
  fill(document["message"].value(), to);
}

void each_line(std::string_view text, const std::function<void(std::string_view)>& then) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    then(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

bool has_unknown(const pb::Message& message) {
  const pb::Reflection& fields = *message.GetReflection();
  if (!fields.GetUnknownFields(message).empty()) return true;
  std::vector<const Field*> set;
  fields.ListFields(message, &set);
  for (const Field* field : set) {
    if (field->cpp_type() != Field::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (has_unknown(fields.GetMessage(message, field))) return true;
      continue;
    }
    for (int i = 0; i < fields.FieldSize(message, field); ++i)
      if (has_unknown(fields.GetRepeatedMessage(message, field, i))) return true;
  }
  return false;
}

// Line breaks between the tokens of a payload are nobody's business.
void strip_payloads(pb::Message& message) {
  const pb::Reflection& fields = *message.GetReflection();
  std::vector<const Field*> set;
  fields.ListFields(message, &set);
  for (const Field* field : set) {
    if (field->type() == Field::TYPE_BYTES) {
      const auto checked = checked_json(fields.GetString(message, field));
      if (checked.ok()) fields.SetString(&message, field, std::string(checked->view()));
    } else if (field->cpp_type() == Field::CPPTYPE_MESSAGE && field->is_repeated()) {
      for (int i = 0; i < fields.FieldSize(message, field); ++i)
        strip_payloads(*fields.MutableRepeatedMessage(&message, field, i));
    } else if (field->cpp_type() == Field::CPPTYPE_MESSAGE) {
      strip_payloads(*fields.MutableMessage(&message, field));
    }
  }
}

// What the schema does not know, or bytes after the last reply, is an error.
void each_reply(std::string_view binary, const std::function<void(pb::Message&)>& then) {
  pb::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(binary.data()),
                              static_cast<int>(binary.size()));
  while (in.CurrentPosition() < static_cast<int>(binary.size())) {
    std::uint32_t size = 0;
    std::string bytes;
    REQUIRE(in.ReadVarint32(&size));
    REQUIRE(in.ReadString(&bytes, static_cast<int>(size)));
    const auto reply = make("Reply");
    REQUIRE(reply->ParseFromString(bytes));
    REQUIRE_FALSE(has_unknown(*reply));
    then(*reply);
  }
}

const Field& field_of(const pb::Message& message, const char* name) {
  const Field* field = message.GetDescriptor()->FindFieldByName(name);
  REQUIRE(field != nullptr);
  return *field;
}

const pb::Message& inside(const pb::Message& message, const char* name) {
  return message.GetReflection()->GetMessage(message, &field_of(message, name));
}

}  // namespace

std::string command(std::string_view json) {
  const auto message = make("Command");
  fill(json, *message);
  return message->SerializeAsString();
}

std::string commands(std::string_view json_lines) {
  std::string all;
  {
    pb::io::StringOutputStream stream(&all);
    pb::io::CodedOutputStream out(&stream);
    each_line(json_lines, [&](std::string_view line) {
      const std::string one = command(line);
      out.WriteVarint64(one.size());
      out.WriteString(one);
    });
  }
  return all;
}

std::vector<std::string> replies(std::string_view binary) {
  std::vector<std::string> texts;
  each_reply(binary, [&](pb::Message& reply) {
    strip_payloads(reply);
    texts.push_back(reply.ShortDebugString());
  });
  return texts;
}

std::vector<Publication> publications(std::string_view binary) {
  std::vector<Publication> found;
  const auto add = [&](const pb::Message& publication) {
    const Field& data = field_of(publication, "data");
    const Field& delta = field_of(publication, "delta");
    found.push_back({publication.GetReflection()->GetString(publication, &data),
                     publication.GetReflection()->GetBool(publication, &delta)});
  };
  each_reply(binary, [&](const pb::Message& reply) {
    const pb::Message& push = inside(reply, "push");
    if (push.GetReflection()->HasField(push, &field_of(push, "pub"))) add(inside(push, "pub"));
    const pb::Message& result = inside(reply, "subscribe");
    const Field& list = field_of(result, "publications");
    for (int i = 0; i < result.GetReflection()->FieldSize(result, &list); ++i)
      add(result.GetReflection()->GetRepeatedMessage(result, &list, i));
  });
  return found;
}

std::vector<std::string> replies_in_json(std::string_view json_lines) {
  std::vector<std::string> texts;
  each_line(json_lines, [&](std::string_view line) {
    const auto reply = make("Reply");
    fill(line, *reply);
    strip_payloads(*reply);
    texts.push_back(reply->ShortDebugString());
  });
  return texts;
}

}  // namespace madang::centrifuge::reference
