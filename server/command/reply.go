package command

import "treedis/server/resp"

// WriteInfo appends a command's entry in the reply of COMMAND and COMMAND INFO: ten elements, of which the last
// holds the entries of the subcommands.
func (s *Spec) WriteInfo(w *resp.Writer) {
	w.Array(10)
	w.BulkString(s.Name)
	w.Int(int64(s.Arity))
	writeNames(w, "", s.Flags.Names())
	w.Int(int64(s.first))
	w.Int(int64(s.last))
	w.Int(int64(s.step))
	writeNames(w, "@", s.Categories.Names())
	w.Set(len(s.Tips))
	for _, tip := range s.Tips {
		w.BulkString(tip)
	}
	w.Set(len(s.Keys))
	for i := range s.Keys {
		s.Keys[i].write(w)
	}
	if len(s.subs) == 0 {
		w.Set(0) // a set if empty, else an array: so Redis 7.2 has it
		return
	}
	w.Array(len(s.subs))
	for _, sub := range s.subs {
		sub.WriteInfo(w)
	}
}

// WriteKeyFlags appends the flags of a key as COMMAND GETKEYSANDFLAGS shows them.
func WriteKeyFlags(w *resp.Writer, f KeyFlags) { writeNames(w, "", f.Names()) }

// writeNames appends a set of status replies.
func writeNames(w *resp.Writer, prefix string, names []string) {
	w.Set(len(names))
	for _, name := range names {
		w.Simple(prefix + name)
	}
}

func (k *KeySpec) write(w *resp.Writer) {
	if k.Notes == "" {
		w.Map(3)
	} else {
		w.Map(4)
		writePair(w, "notes", k.Notes)
	}
	w.BulkString("flags")
	WriteKeyFlags(w, k.Flags)

	w.BulkString("begin_search")
	w.Map(2)
	switch k.Search {
	case SearchIndex:
		writeTyped(w, "index", 1)
		writeInt(w, "index", k.Index)
	case SearchKeyword:
		writeTyped(w, "keyword", 2)
		writePair(w, "keyword", k.Keyword)
		writeInt(w, "startfrom", k.Index)
	default:
		writeTyped(w, "unknown", 0)
	}

	w.BulkString("find_keys")
	w.Map(2)
	switch k.Find {
	case FindRange:
		writeTyped(w, "range", 3)
		writeInt(w, "lastkey", k.Last)
		writeInt(w, "keystep", k.Step)
		writeInt(w, "limit", k.Limit)
	case FindKeyNum:
		writeTyped(w, "keynum", 3)
		writeInt(w, "keynumidx", k.NumIndex)
		writeInt(w, "firstkey", k.First)
		writeInt(w, "keystep", k.Step)
	default:
		writeTyped(w, "unknown", 0)
	}
}

// writeTyped appends the type of a search and the header of its spec, a map of n pairs.
func writeTyped(w *resp.Writer, typ string, n int) {
	writePair(w, "type", typ)
	w.BulkString("spec")
	w.Map(n)
}

func writePair(w *resp.Writer, name, value string) {
	w.BulkString(name)
	w.BulkString(value)
}

func writeInt(w *resp.Writer, name string, n int) {
	w.BulkString(name)
	w.Int(int64(n))
}

// writePresent appends a pair unless its value is empty, and counts it.
func writePresent(w *resp.Writer, pairs *int, name, value string) {
	if value != "" {
		writePair(w, name, value)
		*pairs++
	}
}

// WriteDocs appends a command's entry in the reply of COMMAND DOCS, a map. Its key, the name, is the caller's to write.
func (s *Spec) WriteDocs(w *resp.Writer) {
	m, pairs := w.DeferMap(), 0
	writePresent(w, &pairs, "summary", s.Summary)
	writePresent(w, &pairs, "since", s.Since)
	writePresent(w, &pairs, "group", s.Group)
	writePresent(w, &pairs, "complexity", s.Complexity)
	if s.Doc != 0 {
		w.BulkString("doc_flags")
		writeNames(w, "", s.Doc.Names())
		pairs++
	}
	writePresent(w, &pairs, "deprecated_since", s.DeprecatedSince)
	writePresent(w, &pairs, "replaced_by", s.ReplacedBy)
	if len(s.History) > 0 {
		w.BulkString("history")
		w.Set(len(s.History))
		for _, c := range s.History {
			w.Array(2)
			w.BulkString(c[0])
			w.BulkString(c[1])
		}
		pairs++
	}
	if len(s.args) > 0 {
		w.BulkString("arguments")
		writeArgs(w, s.args)
		pairs++
	}
	if len(s.subs) > 0 {
		w.BulkString("subcommands")
		w.Map(len(s.subs))
		for _, sub := range s.subs {
			w.BulkString(sub.Name)
			sub.WriteDocs(w)
		}
		pairs++
	}
	w.SetMapLen(m, pairs)
}

func writeArgs(w *resp.Writer, args []Arg) {
	w.Array(len(args))
	for i := range args {
		args[i].write(w)
	}
}

func (a *Arg) write(w *resp.Writer) {
	m, pairs := w.DeferMap(), 0
	group := a.Type == OneOf || a.Type == Block
	writePresent(w, &pairs, "name", a.Name)
	writePresent(w, &pairs, "type", a.Type.String())
	switch {
	case group:
	case a.Display != "":
		writePresent(w, &pairs, "display_text", a.Display)
	default:
		writePresent(w, &pairs, "display_text", a.Name)
	}
	if a.KeySpec >= 0 {
		writeInt(w, "key_spec_index", a.KeySpec)
		pairs++
	}
	if a.Token != "" || a.Type == PureToken {
		writePair(w, "token", a.Token)
		pairs++
	}
	writePresent(w, &pairs, "since", a.Since)
	writePresent(w, &pairs, "deprecated_since", a.DeprecatedSince)
	if a.Flags != 0 {
		w.BulkString("flags")
		writeNames(w, "", a.Flags.Names())
		pairs++
	}
	if group {
		w.BulkString("arguments")
		writeArgs(w, a.Args)
		pairs++
	}
	w.SetMapLen(m, pairs)
}
