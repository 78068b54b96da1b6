// SPDX-License-Identifier: BSD-2-Clause
#include "support/random_fields.h"

#include <variant>

namespace xdpctl::test {

namespace {

using ruleset::Field;
using ruleset::Value;

std::size_t up_to(std::mt19937& random, std::size_t highest) {
    return std::uniform_int_distribution<std::size_t>(0, highest)(random);
}

Value random_value(std::mt19937& random, unsigned bits) {
    Value out = 0;
    for (unsigned i = 0; i < 4; ++i)
        out = out << 32 | random();
    return bits == 128 ? out : out & ((Value{1} << bits) - 1);
}

// Edges of the chain's matches on the field, and their neighbours; empty when there is none.
std::vector<Value> edges(const ruleset::Chain& chain, Field field) {
    std::vector<Value> out;
    for (const ruleset::Rule& rule : chain.rules)
        for (const ruleset::Statement& statement : rule.statements)
            if (const auto* match = std::get_if<ruleset::Match>(&statement); match != nullptr && match->field == field)
                for (const ruleset::Interval& interval : match->values)
                    out.insert(out.end(), {interval.first - 1, interval.first, interval.last, interval.last + 1});
    return out;
}

class FieldSource {
public:
    FieldSource(std::mt19937& random, const ruleset::Chain& chain) : random_(random), chain_(chain) {}

    void add(Fields& fields, Field field) {
        const unsigned bits = ruleset::info(field).bits;
        const auto near = edges(chain_, field);
        Value value = random_value(random_, bits);
        if (!near.empty() && up_to(random_, 5) != 0)
            value = near[up_to(random_, near.size() - 1)];
        fields.values[field] = bits == 128 ? value : value & ((Value{1} << bits) - 1);
    }

private:
    std::mt19937& random_;
    const ruleset::Chain& chain_;
};

void add_transport(Fields& fields, FieldSource& source, std::size_t kind, bool over_ipv6) {
    const auto protocol = [&](Value number) {
        fields.values[Field::MetaL4proto] = number;
        if (!over_ipv6)
            fields.values[Field::IpProtocol] = number;
    };
    const auto add = [&](std::initializer_list<Field> list) {
        for (const Field field : list)
            source.add(fields, field);
    };
    switch (kind) {
    case 0:
        protocol(6);
        return add({Field::TcpSport, Field::TcpDport, Field::TcpFlags});
    case 1:
        protocol(17);
        return add({Field::UdpSport, Field::UdpDport});
    case 2:
        protocol(132);
        return add({Field::SctpSport, Field::SctpDport});
    case 3:
        protocol(over_ipv6 ? 58 : 1);
        return over_ipv6 ? add({Field::Icmpv6Type, Field::Icmpv6Code}) : add({Field::IcmpType, Field::IcmpCode});
    case 4:  // no transport header
        source.add(fields, Field::MetaL4proto);
        return protocol(fields.values[Field::MetaL4proto]);
    default:  // protocol unknown
        if (!over_ipv6)
            source.add(fields, Field::IpProtocol);
        return;
    }
}

// Which of them are there is known for those that are, and for all when the transport protocol is.
void add_extensions(Fields& fields, std::mt19937& random) {
    for (const Field field :
         {Field::ExthdrHbh, Field::ExthdrRt, Field::ExthdrFrag, Field::ExthdrDst, Field::ExthdrMh}) {
        const bool is_there = up_to(random, 2) == 0;
        if (is_there || fields.values.contains(Field::MetaL4proto))
            fields.values[field] = is_there ? 1 : 0;
    }
}

}  // namespace

Fields random_fields(std::mt19937& random, const ruleset::Chain& chain) {
    Fields fields;
    FieldSource source(random, chain);
    source.add(fields, Field::MetaLength);
    fields.length = static_cast<std::uint32_t>(fields.values[Field::MetaLength]);
    if (up_to(random, 20) == 0)
        return fields;
    for (const Field field : {Field::EtherSaddr, Field::EtherDaddr, Field::EtherType})
        source.add(fields, field);
    if (up_to(random, 3) == 0) {
        for (const Field field : {Field::VlanId, Field::VlanPcp, Field::VlanDei})
            source.add(fields, field);
        if (up_to(random, 2) == 0)
            for (const Field field : {Field::VlanInnerId, Field::VlanInnerPcp, Field::VlanInnerDei})
                source.add(fields, field);
    }
    if (up_to(random, 30) == 0)
        return fields;
    source.add(fields, Field::MetaProtocol);
    switch (up_to(random, 8)) {
    case 0:
        return fields;
    case 1:
    case 2:
    case 3:
    case 4:
        for (const Field field : {Field::IpSaddr, Field::IpDaddr})
            source.add(fields, field);
        add_transport(fields, source, up_to(random, 5), false);
        return fields;
    default:
        for (const Field field : {Field::Ip6Saddr, Field::Ip6Daddr, Field::Ip6Nexthdr})
            source.add(fields, field);
        add_transport(fields, source, up_to(random, 5), true);
        add_extensions(fields, random);
        return fields;
    }
}

}  // namespace xdpctl::test
