// SPDX-License-Identifier: MIT
package people

// The same people as in plugins/cpp/users/users.json.
var people = []User{
	{
		ID: "einstein", Username: "einstein", Mail: "einstein@example.org",
		DisplayName: "Albert Einstein",
		Claims:      map[string]any{"uid": 1001, "language": "de"},
		Groups:      []string{"physicists", "violinists", "sailors"},
	},
	{
		ID: "curie", Username: "marie", Mail: "marie@example.org",
		DisplayName: "Maria Skłodowska-Curie",
		Claims:      map[string]any{"uid": 1002, "language": "pl"},
		Groups:      []string{"physicists", "chemists"},
	},
	{
		ID: "lovelace", Username: "ada", Mail: "ada@example.org",
		DisplayName: "Ada Lovelace",
		Claims:      map[string]any{"uid": 1003, "language": "en"},
		Groups:      []string{"mathematicians", "programmers"},
	},
	{
		ID: "zhang-heng", Username: "zhang", Mail: "zhang@example.org",
		DisplayName: "张衡",
		Claims:      map[string]any{"uid": 1004, "language": "zh"},
		Groups:      []string{"astronomers", "poets"},
	},
}
