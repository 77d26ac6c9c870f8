// Package s3blob takes the place of the driver for Amazon S3, with Amazon's SDK.
package s3blob
