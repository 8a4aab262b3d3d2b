package hashtable

// TouchMax is how many hashes Touch takes at most.
const TouchMax = 16

// Touch reads what Get would read for each of up to TouchMax hashes, so that it is in the processor's cache when it is
// asked for. One lookup is a chain of reads each of which waits for the one before; here the chains go side by side, and
// the processor waits for all of them at once. The result means nothing: it is there for the reads not to be left out.
func (d *directory[P]) Touch(hashes []uint64) (sum int) {
	if len(d.root) == 0 {
		return 0
	}
	var pages [TouchMax]*page[P]
	for i, h := range hashes {
		pages[i] = d.page(h)
	}
	for i := range hashes {
		sum += int(pages[i].depth)
	}
	var items [TouchMax]P
	for i, h := range hashes {
		items[i] = pages[i].likely(h)
	}
	var none P
	for i := range hashes {
		if items[i] != none {
			sum += len(items[i].Key())
		}
	}
	return sum
}

// likely returns the first item whose tag is that of h, nil if there is none.
func (pg *page[P]) likely(h uint64) (p P) {
	for w, tags := range pg.tags {
		if m := matching(tags, h); m != 0 {
			if i := w*8 + firstByte(m); i < len(pg.slots) {
				return pg.slots[i]
			}
		}
	}
	return p
}

// TouchPages is Touch for keys that are not expected to be there: it reads what an insertion would write.
func (d *directory[P]) TouchPages(hashes []uint64) (sum int) {
	if len(d.root) == 0 {
		return 0
	}
	var pages [TouchMax]*page[P]
	for i, h := range hashes {
		pages[i] = d.page(h)
	}
	var none P
	for i := range hashes {
		if pg := pages[i]; len(pg.slots) > 0 && pg.slots[len(pg.slots)-1] != none {
			sum++
		}
	}
	return sum
}
