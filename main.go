// Command treedis is a Redis-protocol server whose data can be replicated.
package main

func main() {}
