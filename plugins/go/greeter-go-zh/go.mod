module plugdeck.invalid/greeter-go-zh

go 1.21
