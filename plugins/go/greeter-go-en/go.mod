module plugdeck.invalid/greeter-go-en

go 1.21
