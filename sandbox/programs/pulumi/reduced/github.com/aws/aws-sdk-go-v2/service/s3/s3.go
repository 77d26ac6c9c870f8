// Package s3 takes the place of Amazon's client for S3. The backend's common code adjusts this request of s3blob's.
package s3

// CopyObjectInput is a request.
type CopyObjectInput struct {
	CopySource *string
}
