"""What the bench measures of the aws home: DynamoDB Local, and moto for queues and keys."""
