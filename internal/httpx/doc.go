// Package httpx has what every HTTP client of ours needs: repeating a request when that
// helps, and keeping credentials out of errors and logs.
package httpx
