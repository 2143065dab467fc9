// Package textenc reads whole numbers in decimal, eight digits at a time: exports are
// mostly text of numbers, and so is the time that it takes to read them.
package textenc
