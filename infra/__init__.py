"""What stands in the account beside the code: CloudFormation parts, the package, the deployment."""
