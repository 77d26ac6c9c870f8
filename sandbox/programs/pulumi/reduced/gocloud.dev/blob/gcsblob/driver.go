// Package gcsblob takes the place of the driver for Google Cloud Storage, with Google's SDK.
package gcsblob

// Scheme is the scheme of the driver's addresses.
const Scheme = "gs"
