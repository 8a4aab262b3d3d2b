package rdb

// moduleCharset are the 64 characters a module's name may have.
const moduleCharset = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// moduleName returns the name within a module id.
func moduleName(id uint64) string {
	var name [9]byte
	for i := len(name) - 1; i >= 0; i-- {
		name[i] = moduleCharset[id>>10&0x3F]
		id >>= 6
	}
	return string(name[:])
}

// moduleAux passes over what a module has saved beside the keys. Its parts tell
// their kinds, so that takes no module; nothing of it belongs to a key.
func (r *Reader) moduleAux() {
	id := r.count()
	if kind := r.count(); kind != modulePartUint && r.err == nil {
		r.fail(corruptf("module %s: unknown kind %d of the first part", moduleName(id), kind))
	}
	r.count()
	for r.err == nil {
		switch kind := r.count(); kind {
		case modulePartEnd:
			return
		case modulePartInt, modulePartUint:
			r.count()
		case modulePartFloat:
			r.le32()
		case modulePartDouble:
			r.le64()
		case modulePartString:
			r.str(&r.valBuf)
		default:
			r.fail(corruptf("module %s: unknown kind %d of part", moduleName(id), kind))
		}
	}
}
