package hashtable

// Stats describes the shape of a table.
type Stats struct {
	Items    int
	Root     int                // entries of the root
	Segments int                // arrays of pages
	Pages    int                //
	Overfull int                // pages with room for more than a page's normal load: a bad hash
	Depth    int                // greatest number of hash bits that address a page
	Bytes    int                // as of Table.Bytes
	Fill     [pageSlots + 1]int // pages by number of items, the last for that and more
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
