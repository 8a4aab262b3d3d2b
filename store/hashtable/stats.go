package hashtable

// Stats describes the shape of a table.
type Stats struct {
	Items    int
	Pages    int
	Segments int
	Root     int // entries
	Depth    int // greatest number of hash bits that address a page
	Overfull int // pages that have outgrown the normal size: signs of a bad hash
	Bytes    int // as of Table.Bytes

	// Fill counts the pages by their number of items, the last those with 24
	// and more.
	Fill [pageSlots + 1]int
}

// Stats walks the table and describes it.
func (t *Table[P]) Stats() Stats {
	st := Stats{
		Items: t.n, Root: len(t.root), Segments: t.segments, Pages: t.pages,
		Overfull: t.overfull, Bytes: t.Bytes(),
	}
	for pg := range t.eachPage {
		st.Depth = max(st.Depth, int(pg.depth))
		st.Fill[min(len(pg.slots), pageSlots)]++
	}
	return st
}
