import Eligibility
import Foundation
import Testing

@Suite struct RuleJSONTests {
    @Test(arguments: [
        (
            """
            {"all": [{"score": {"min": 60}}, {"age": {"min": 21}}, {"country": {"in": ["US", "CA"]}},
                     {"any": [{"topic": {"any_of": ["coffee", "wine"], "min": 40}}, {"segment": {"in": ["vip"]}}]},
                     {"not": {"segment": {"in": ["staff"]}}}]}
            """,
            """
            score >= 60 and age >= 21 and country in (US, CA) and (topic(coffee, wine) >= 40 or segment in (vip)) \
            and not segment in (staff)
            """
        ),
        (
            #"{"score": {"min": 58.24, "max": 90.5, "best_days": 90, "fresh_days": 30, "model": "2026.2"}}"#,
            #"score(best 90 days, fresh 30 days, model "2026.2") between 58.24 and 90.5"#
        ),
        (#"{"score": {"max": 1.1}}"#, "score <= 1.1"),
        (
            #"{"topic": {"all_of": ["beer", "wine"], "min": 30, "descendants": false}}"#,
            "topic(beer, wine; exact, all) >= 30"
        ),
        (#"{"topic": {"any_of": ["beer"]}}"#, "topic(beer)"),
        (#"{"age": {"min": 21, "max": 35}}"#, "age between 21 and 35"),
        (#"{"city": {"in": ["Las Vegas"]}}"#, #"city in ("Las Vegas")"#),
        (#"{"network": {"in": ["twitter"], "verified": true}}"#, "network in (twitter; verified)"),
        (#"{"reach": {"max": 999999999999}}"#, "reach <= 999999999999"),
        (#"{"redeemed": {"perk": "a", "min": 1, "within_days": 30}}"#, "redeemed(perk a; within 30 days) >= 1"),
        (#"{"redeemed": {"campaign": "a", "max": 2}}"#, "redeemed(campaign a) <= 2"),
        (
            #"{"local_time": {"days": ["mon", "tue", "wed"], "from": "22:00", "to": "02:00"}}"#,
            "local_time(mon-wed, 22:00-02:00)"
        ),
        (#"{"local_time": {"days": ["sun"]}}"#, "local_time(sun)"),
    ])
    func saysTheSameAsTheText(json: String, text: String) throws {
        let rule = try decoded(json)
        #expect(rule.text == text)
        #expect(try Rule(parsing: text) == rule)
        let written = try JSONSerialization.jsonObject(with: Data(encoded(rule).utf8)) as? NSDictionary
        #expect(written == (try JSONSerialization.jsonObject(with: Data(json.utf8)) as? NSDictionary))
    }

    @Test(arguments: [
        (#"[]"#, "", "object_expected"),
        (#"3"#, "", "object_expected"),
        (#"{}"#, "", "one_member_expected"),
        (#"{"score": {"min": 1}, "age": {"min": 1}}"#, "", "one_member_expected"),
        (#"{"scroe": {"min": 1}}"#, "/scroe", "unknown_condition"),
        (#"{"a/b~c": {}}"#, "/a~1b~0c", "unknown_condition"),
        (#"{"all": {}}"#, "/all", "list_expected"),
        (#"{"all": [3]}"#, "/all/0", "object_expected"),
        (#"{"all": []}"#, "/all", "empty_group"),
        (#"{"not": []}"#, "/not", "object_expected"),
        (#"{"not": {"any": []}}"#, "/not/any", "empty_group"),
        (#"{"score": 60}"#, "/score", "object_expected"),
        (#"{"score": {}}"#, "/score", "bound_missing"),
        (#"{"score": {"min": "60"}}"#, "/score/min", "number_expected"),
        (#"{"score": {"min": null}}"#, "/score/min", "number_expected"),
        (#"{"score": {"min": true}}"#, "/score/min", "number_expected"),
        (#"{"score": {"min": 60.123}}"#, "/score/min", "too_many_decimals"),
        (#"{"score": {"min": 1e12}}"#, "/score/min", "number_too_large"),
        (#"{"score": {"min": 60, "mni": 3}}"#, "/score/mni", "unknown_member"),
        (#"{"score": {"min": 60, "best_days": 0}}"#, "/score/best_days", "days_out_of_range"),
        (#"{"score": {"min": 60, "fresh_days": 36501}}"#, "/score/fresh_days", "days_out_of_range"),
        (#"{"score": {"min": 60, "model": ""}}"#, "/score/model", "empty_value"),
        (#"{"all": [{"reach": {"min": 1}}, {"age": {"min": 0}}]}"#, "/all/1/age/min", "minimum_not_positive"),
        (#"{"score": {"min": -1}}"#, "/score/min", "minimum_not_positive"),
        (#"{"reach": {"min": 0}}"#, "/reach/min", "minimum_not_positive"),
        (#"{"topic": {"any_of": ["a"], "min": 0}}"#, "/topic/min", "minimum_not_positive"),
        (#"{"redeemed": {"perk": "a", "min": 0}}"#, "/redeemed/min", "minimum_not_positive"),
        (#"{"age": {"min": 20.5}}"#, "/age/min", "whole_number_expected"),
        (#"{"topic": {"min": 20}}"#, "/topic", "one_list_expected"),
        (#"{"topic": {"any_of": ["a"], "all_of": ["a"]}}"#, "/topic", "one_list_expected"),
        (#"{"topic": {"any_of": []}}"#, "/topic/any_of", "empty_list"),
        (#"{"topic": {"any_of": "a"}}"#, "/topic/any_of", "list_expected"),
        (#"{"topic": {"any_of": ["a", 3]}}"#, "/topic/any_of/1", "text_expected"),
        (#"{"topic": {"any_of": ["a"], "descendants": 1}}"#, "/topic/descendants", "boolean_expected"),
        (#"{"country": {}}"#, "/country", "member_missing"),
        (#"{"country": {"in": []}}"#, "/country/in", "empty_list"),
        (#"{"country": {"in": ["US", ""]}}"#, "/country/in/1", "empty_value"),
        (#"{"segment": {"in": []}}"#, "/segment/in", "empty_list"),
        (#"{"network": {"in": []}}"#, "/network/in", "empty_list"),
        (#"{"redeemed": {"min": 1}}"#, "/redeemed", "one_subject_expected"),
        (#"{"redeemed": {"perk": "a", "campaign": "b", "min": 1}}"#, "/redeemed", "one_subject_expected"),
        (#"{"redeemed": {"perk": "a"}}"#, "/redeemed", "bound_missing"),
        (#"{"redeemed": {"perk": "", "min": 1}}"#, "/redeemed/perk", "empty_value"),
        (#"{"redeemed": {"perk": "a", "min": 1, "within_days": 0}}"#, "/redeemed/within_days", "days_out_of_range"),
        (#"{"local_time": {}}"#, "/local_time", "time_missing"),
        (#"{"local_time": {"days": []}}"#, "/local_time/days", "empty_list"),
        (#"{"local_time": {"days": ["mon", "someday"]}}"#, "/local_time/days/1", "weekday_expected"),
        (#"{"local_time": {"from": "22:00"}}"#, "/local_time", "hours_incomplete"),
        (#"{"local_time": {"from": "24:00", "to": "02:00"}}"#, "/local_time/from", "time_expected"),
        (#"{"local_time": {"from": "2:00", "to": "02:00"}}"#, "/local_time/from", "time_expected"),
        (#"{"local_time": {"from": "10:00", "to": "10:00"}}"#, "/local_time/to", "hours_empty"),
    ])
    func saysWhereAndWhat(json: String, pointer: String, code: String) throws {
        let error = try #require(try refusal(ofJSON: json))
        #expect(error.pointer == pointer)
        #expect(error.code == code)
        #expect(error.line == nil)
    }

    @Test func pointsFromTheRulesRootWhereverTheRuleStands() throws {
        struct Campaign: Decodable { let rules: [Rule] }
        let json = Data(#"{"rules": [{"not": {"score": {"min": "x"}}}]}"#.utf8)
        let error = #expect(throws: RuleError.self) { try JSONDecoder().decode(Campaign.self, from: json) }
        #expect(error?.pointer == "/not/score/min")
        #expect(error?.under("/rules/0").pointer == "/rules/0/not/score/min")
    }

    @Test func readsNoDeeperThanItsStackAllows() throws {
        let deep = String(repeating: #"{"not":"#, count: 400) + "{}" + String(repeating: "}", count: 400)
        #expect(try refusal(ofJSON: deep)?.code == "too_deep")
        let bottomless = String(repeating: #"{"not":"#, count: 200_000)
        #expect(throws: (any Error).self) { try decoded(bottomless) }
    }
}
