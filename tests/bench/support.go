package main

import (
	"strings"

	"treedis/tests/harness"
)

// missingCommands asks treedis for every command that the rows need and returns, by row, those it does not know.
func missingCommands(t harness.T, rows []row) map[string]string {
	s := harness.Start(t, harness.Treedis)
	conn := s.Dial(t)
	known := make(map[string]bool)
	missing := make(map[string]string)
	for _, r := range rows {
		var lacks []string
		for _, need := range r.needs {
			args := strings.Fields(need)
			if _, asked := known[need]; !asked {
				known[need] = !unknownCommand(conn.Must(t, args...))
			}
			if !known[need] {
				lacks = append(lacks, args[0])
			}
		}
		if len(lacks) > 0 {
			missing[r.name] = strings.Join(lacks, ", ")
		}
	}
	s.Stop(t)
	return missing
}

// unknownCommand reports whether a reply refuses the command by its name. Any other error is a known command's.
func unknownCommand(r harness.Reply) bool {
	return r.IsError() && strings.HasPrefix(r.Text, "ERR unknown command")
}
