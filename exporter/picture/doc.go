// Package picture draws downloads for other pages: badges like those of shields.io and charts by
// day, as SVG, as PNG and for the terminal. PNG is for pages that show no SVG, such as the Hub's model cards.
//
// A Chart is also what the exporter's page shows: bars, their numbers and names.
package picture
